import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import { Offsets } from "../../annotator/static/annotator/js/offsets.js";
import { randomFrom, seeded } from "./random.js";

const table = new URL("../data/offset_cases.json", import.meta.url);
const cases = JSON.parse(readFileSync(table, "utf8"));

for (const { name, text, length, spans } of cases) {
  test(`the shared table: ${name}`, () => {
    const offsets = new Offsets(text);
    assert.equal(offsets.length, length);
    for (const [start, end, unitStart, unitEnd, surface] of spans) {
      assert.equal(offsets.toUtf16(start), unitStart);
      assert.equal(offsets.toUtf16(end), unitEnd);
      assert.equal(offsets.toCodePoint(unitStart), start);
      assert.equal(offsets.toCodePoint(unitEnd), end);
      assert.equal(offsets.slice(start, end), surface);
    }
  });
}

const PIECES = [
  ..."abc é中文بي",
  "😀",
  "👨‍👩‍👧‍👦",
  "👍🏽",
  "e\u0301",
  "\r\n",
  "\t",
  "\u200b",
  "\ufeff",
  "\ud83d",
  "\ude00",
  "𠮷",
  "🇨🇭",
];

test("conversion agrees with counting code points, and goes back and forth", () => {
  const random = seeded(11);
  for (let round = 0; round < 300; round += 1) {
    const size = Math.floor(random() * 40);
    const text = Array.from({ length: size }, () => randomFrom(PIECES, random)).join("");
    const offsets = new Offsets(text);
    const points = Array.from(text); // a string's iterator walks code points
    assert.equal(offsets.length, points.length);
    let unit = 0;
    for (let point = 0; point <= points.length; point += 1) {
      assert.equal(offsets.toUtf16(point), unit);
      assert.equal(offsets.toCodePoint(unit), point);
      unit += point < points.length ? points[point].length : 0;
    }
  }
});

test("a unit inside a surrogate pair counts as the start of its character", () => {
  const offsets = new Offsets("a😀b");
  assert.deepEqual([0, 1, 2, 3, 4].map((unit) => offsets.toCodePoint(unit)), [
    0, 1, 1, 2, 3,
  ]);
});

test("whole clusters never cut a family, a flag, a combining mark or CRLF", () => {
  const random = seeded(5);
  const clusters = ["x", "👨‍👩‍👧‍👦", "🇨🇭", "e\u0301", "\r\n", "中", "👍🏽"];
  for (let round = 0; round < 200; round += 1) {
    const parts = Array.from({ length: 12 }, () => randomFrom(clusters, random));
    const offsets = new Offsets(parts.join("x"));
    const start = Math.floor(random() * offsets.length);
    const end = start + 1 + Math.floor(random() * (offsets.length - start));
    const whole = offsets.wholeClusters(start, end);
    assert.ok(whole.start <= start && whole.end >= end);
    const again = offsets.wholeClusters(whole.start, whole.end);
    assert.deepEqual(again, whole);
    const glued = parts.flatMap((part, index) => (index ? ["x", part] : [part]));
    const edges = new Set([0]);
    glued.reduce((at, part) => {
      const next = at + Array.from(part).length;
      edges.add(next);
      return next;
    }, 0);
    assert.ok(edges.has(whole.start) && edges.has(whole.end));
  }
});

test("an empty text has one offset", () => {
  const offsets = new Offsets("");
  assert.equal(offsets.length, 0);
  assert.equal(offsets.toUtf16(0), 0);
  assert.deepEqual(offsets.wholeClusters(0, 0), { start: 0, end: 0 });
});
