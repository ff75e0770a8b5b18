import assert from "node:assert/strict";
import test from "node:test";

import { Sentences } from "../../annotator/static/annotator/js/sentences.js";
import { Tokens } from "../../annotator/static/annotator/js/tokens.js";

// Ada left . | Karl stayed . | Basel .
const RANGES = [[0, 3], [4, 8], [8, 9], [10, 14], [15, 21], [21, 22], [23, 28], [28, 29]];
const sentences = new Sentences([0, 3, 6], new Tokens(RANGES));

test("a token's sentence goes from its first token to its last", () => {
  assert.deepEqual(sentences.around(0), { start: 0, end: 9 });
  assert.deepEqual(sentences.around(4), { start: 10, end: 22 });
  assert.deepEqual(sentences.around(7), { start: 23, end: 29 });
});

test("steps go to starts of sentences, at the end to the last token", () => {
  assert.deepEqual([0, 4, 6].map((token) => sentences.step(token, 1)), [3, 6, 7]);
  assert.deepEqual([7, 4, 3, 0].map((token) => sentences.step(token, -1)), [6, 3, 0, 0]);
});

test("a selection grows to ends of sentences", () => {
  assert.deepEqual([0, 2, 5, 7].map((token) => sentences.reach(token, 1)), [2, 5, 7, 7]);
  assert.equal(sentences.reach(4, -1), 3);
});

test("a text of one sentence needs no starts", () => {
  const all = new Sentences([], new Tokens(RANGES));
  assert.deepEqual(all.around(5), { start: 0, end: 29 });
});
