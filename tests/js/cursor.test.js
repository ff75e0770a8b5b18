import assert from "node:assert/strict";
import test from "node:test";

import { Cursor } from "../../annotator/static/annotator/js/cursor.js";
import { Tokens } from "../../annotator/static/annotator/js/tokens.js";

const newCursor = () => new Cursor(new Tokens([[0, 3], [4, 7], [8, 12]]));

test("the first step to the right stands on the first token", () => {
  const cursor = newCursor();
  assert.equal(cursor.range, null);
  cursor.moveBy(1);
  assert.deepEqual(cursor.range, { start: 0, end: 3 });
  assert.equal(cursor.isRange, false);
});

test("steps stop at both ends of the text", () => {
  const cursor = newCursor();
  cursor.moveTo(2);
  cursor.moveBy(1);
  assert.deepEqual(cursor.range, { start: 8, end: 12 });
  cursor.moveBy(-9);
  assert.deepEqual(cursor.range, { start: 0, end: 3 });
});

test("extending keeps the anchor and may turn round", () => {
  const cursor = newCursor();
  cursor.moveTo(1);
  cursor.extendBy(1);
  assert.deepEqual(cursor.range, { start: 4, end: 12 });
  assert.equal(cursor.isRange, true);
  cursor.extendBy(-2);
  assert.deepEqual(cursor.range, { start: 0, end: 7 });
  assert.deepEqual(cursor.focus, { start: 0, end: 3 });
});

test("a range by characters stays as it is and steps go on from its tokens", () => {
  const cursor = newCursor();
  cursor.select({ start: 5, end: 6 }, { isMarked: true });
  assert.equal(cursor.range.start, 5);
  assert.equal(cursor.isRange, true);
  cursor.moveBy(1);
  assert.deepEqual(cursor.range, { start: 8, end: 12 });
});

test("a text without tokens has no cursor", () => {
  const cursor = new Cursor(new Tokens([]));
  cursor.moveBy(1);
  cursor.extendBy(1);
  assert.equal(cursor.range, null);
});
