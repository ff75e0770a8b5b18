import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import {
  firstOverlap,
  firstRepeat,
  inTextOrder,
  outermost,
  overlaps,
  placeOf,
  rowsOf,
  stretchesOf,
  within,
} from "../../annotator/static/annotator/js/spans.js";
import { seeded } from "./random.js";

const span = (start, end, label = "PER") => ({ start, end, label });

function randomSpans(random) {
  return Array.from({ length: Math.floor(random() * 12) }, () => {
    const start = Math.floor(random() * 30);
    return span(start, start + 1 + Math.floor(random() * 8));
  });
}

const table = new URL("../data/span_overlap_cases.json", import.meta.url);
const fromRow = ([start, end, label]) => ({ start, end, label });

for (const row of JSON.parse(readFileSync(table, "utf8"))) {
  test(`the shared table: ${row.name}`, () => {
    const spans = row.spans.map(fromRow);
    const pair = row.first_overlap && row.first_overlap.map(fromRow);
    assert.deepEqual(firstOverlap(spans), pair);
    const repeat = row.first_repeat && row.first_repeat.map(fromRow);
    assert.deepEqual(firstRepeat(spans), repeat);
    const [kept, dropped] = outermost(spans);
    assert.deepEqual(kept, row.kept.map(fromRow));
    assert.deepEqual(dropped, row.dropped.map(fromRow));
  });
}

test("spans that touch do not overlap", () => {
  assert.equal(overlaps(span(0, 3), span(3, 5)), false);
  assert.equal(overlaps(span(0, 4), span(3, 5)), true);
  assert.equal(overlaps(span(0, 9), span(3, 5, "LOC")), true);
});

test("firstOverlap finds a pair exactly when some pair overlaps", () => {
  const random = seeded(3);
  for (let round = 0; round < 500; round += 1) {
    const spans = randomSpans(random);
    const some = spans.some((a, i) => spans.slice(i + 1).some((b) => overlaps(a, b)));
    const found = firstOverlap(spans);
    assert.equal(found !== null, some);
    if (found) assert.ok(overlaps(...found));
  }
});

test("outermost keeps a flat set, and each dropped span collides with it", () => {
  const random = seeded(4);
  for (let round = 0; round < 500; round += 1) {
    const spans = randomSpans(random);
    const [kept, dropped] = outermost(spans);
    assert.equal(kept.length + dropped.length, spans.length);
    assert.equal(firstOverlap(kept), null);
    assert.deepEqual(kept, [...kept].sort(inTextOrder));
    for (const loser of dropped) {
      assert.ok(kept.some((winner) => overlaps(winner, loser)));
    }
  }
});

test("within finds what a scan finds", () => {
  const random = seeded(6);
  for (let round = 0; round < 500; round += 1) {
    const [kept] = outermost(randomSpans(random));
    const start = Math.floor(random() * 30);
    const end = start + Math.floor(random() * 10);
    const expected = kept.filter((s) => s.start < end && start < s.end);
    assert.deepEqual(within(kept, start, end), expected);
    assert.equal(placeOf(kept, span(99, 100)), kept.length);
  }
});

test("in a layered list all spans that touch a range are found, and no row has two", () => {
  const random = seeded(6);
  for (let round = 0; round < 300; round += 1) {
    const spans = randomSpans(random).sort(inTextOrder);
    const longest = Math.max(0, ...spans.map(({ start, end }) => end - start));
    const start = Math.floor(random() * 30);
    const range = span(start, start + 1 + Math.floor(random() * 5));
    const expected = spans.filter((other) => overlaps(other, range));
    assert.deepEqual(within(spans, range.start, range.end, longest), expected);
    const rows = rowsOf(spans);
    for (const [i, a] of spans.entries()) {
      for (const b of spans.slice(i + 1)) {
        if (overlaps(a, b)) assert.notEqual(rows.get(a), rows.get(b));
      }
    }
  }
});

test("a stretch is what overlaps, and what overlaps that", () => {
  const random = seeded(12);
  for (let round = 0; round < 300; round += 1) {
    const spans = randomSpans(random).sort(inTextOrder);
    const stretches = stretchesOf(spans);
    assert.equal(firstOverlap(stretches), null);
    for (const span of spans) assert.equal(within(stretches, span.start, span.end).length, 1);
    for (const { start, end } of stretches) {
      for (let point = start + 1; point < end; point += 1) {
        assert.ok(spans.some((span) => span.start < point && point < span.end));
      }
    }
  }
});
