import assert from "node:assert/strict";
import test from "node:test";

import { Tokens } from "../../annotator/static/annotator/js/tokens.js";

//             "Ada  met Karl ."
const tokens = new Tokens([[0, 3], [5, 8], [9, 13], [14, 15]]);

test("a range snaps to the whole tokens that it touches", () => {
  assert.deepEqual(tokens.snap(6, 10), { start: 5, end: 13 });
  assert.deepEqual(tokens.snap(5, 8), { start: 5, end: 8 });
  assert.deepEqual(tokens.snap(3, 6), { start: 5, end: 8 });
});

test("white space alone snaps to nothing", () => {
  assert.equal(tokens.snap(3, 5), null);
  assert.equal(new Tokens([]).snap(0, 5), null);
});

test("the nearest token of a gap is the closer neighbour", () => {
  assert.equal(tokens.nearest(0), 0);
  assert.equal(tokens.nearest(3), 0);
  assert.equal(tokens.nearest(7), 1);
  assert.equal(tokens.nearest(40), 3);
  assert.equal(new Tokens([]).nearest(2), -1);
});

test("only whole tokens are whole", () => {
  assert.equal(tokens.isWhole(5, 13), true);
  assert.equal(tokens.isWhole(5, 12), false);
  assert.equal(tokens.isWhole(4, 8), false);
});
