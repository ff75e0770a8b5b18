import assert from "node:assert/strict";
import test from "node:test";

import {
  blocksOf,
  indexOfPiece,
  partsOf,
  segmentsOf,
} from "../../annotator/static/annotator/js/blocks.js";
import { randomFrom, seeded } from "./random.js";

const joined = (text, ranges) => ranges.map(({ from, to }) => text.slice(from, to)).join("");

test("blocks and their pieces give the text back, whatever its lines end with", () => {
  const random = seeded(21);
  const parts = ["word ", "中文", "\n", "\r\n", "\r", "\u2028", "😀", "e\u0301", "x".repeat(900)];
  for (let round = 0; round < 200; round += 1) {
    const size = Math.floor(random() * 60);
    const text = Array.from({ length: size }, () => randomFrom(parts, random)).join("");
    const blocks = blocksOf(text);
    assert.equal(joined(text, blocks), text);
    assert.equal(joined(text, blocks.flatMap((block) => block.pieces)), text);
    for (const { from, to } of blocks.flatMap((block) => block.pieces)) {
      assert.ok(to > from);
      assert.ok(!/^[\udc00-\udfff\u0301]/u.test(text.slice(from)));
    }
  }
});

test("a line of 200,000 characters is cut into pieces of bounded size", () => {
  const text = "Basel ".repeat(33_000);
  const [block, ...others] = blocksOf(text);
  assert.deepEqual(others, []);
  assert.ok(block.pieces.length > 40);
  assert.ok(block.pieces.every(({ from, to }) => to - from <= 4000));
  assert.equal(indexOfPiece(block.pieces, 0), 0);
  assert.equal(indexOfPiece(block.pieces, text.length), block.pieces.length - 1);
});

test("CRLF stays in one block", () => {
  const text = "a\r\nb";
  assert.deepEqual(blocksOf(text).map(({ from, to }) => text.slice(from, to)), ["a\r\n", "b"]);
});

test("segments tile a piece and name the items over each", () => {
  const items = [
    { start: 2, end: 5 },
    { start: 8, end: 30 },
  ];
  const segments = segmentsOf(0, 10, items);
  assert.deepEqual(
    segments.map(({ start, end, items: over }) => [start, end, over.length]),
    [[0, 2, 0], [2, 5, 1], [5, 8, 0], [8, 10, 1]],
  );
});

test("what cannot be seen gets a sign, and the text stays the same", () => {
  const text = "a\tb\r\n\u200b\u00a0\x07\ufeff";
  const parts = partsOf(text);
  assert.equal(parts.map((part) => part.text).join(""), text);
  assert.deepEqual(
    parts.filter((part) => part.mark).map((part) => part.mark),
    ["→", "CR", "ZWSP", "⍽", "BEL", "BOM"],
  );
});

test("a joiner at work is left alone, one between Latin letters is shown", () => {
  assert.equal(partsOf("👨‍👩‍👧").length, 1);
  assert.equal(partsOf("می\u200cخواهم").length, 1);
  assert.deepEqual(partsOf("a\u200db").map((part) => part.mark ?? ""), ["", "ZWJ", ""]);
});
