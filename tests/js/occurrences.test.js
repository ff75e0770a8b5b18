import assert from "node:assert/strict";
import test from "node:test";

import { Offsets } from "../../annotator/static/annotator/js/offsets.js";
import { findOccurrences } from "../../annotator/static/annotator/js/occurrences.js";

const codes = Array.from({ length: 94 }, (_, index) => String.fromCharCode(index + 33));
const PUNCTUATION = codes.filter((character) => !/[\p{L}\p{N}]/u.test(character));

const placesOf = (surface, text, matchCase) => {
  const model = { offsets: new Offsets(text), isFree: () => true };
  const { found } = findOccurrences(surface, model, { matchCase, wholeTokens: false });
  return found.map(({ start }) => start);
};

test("every ASCII sign stands for itself, wherever it is in the surface", () => {
  assert.equal(PUNCTUATION.length, 32);
  for (const sign of PUNCTUATION) {
    for (const surface of [sign, `a${sign}b`, `${sign}ab`, `ab${sign}`, sign + sign]) {
      for (const matchCase of [true, false]) {
        const text = `${surface} xyz ${surface}`;
        const places = placesOf(surface, text, matchCase);
        assert.deepEqual(places, [0, surface.length + 5], surface);
        assert.deepEqual(placesOf(surface, "aab abb xyz", matchCase), [], surface);
      }
    }
  }
});

test("white space of a surface stands for any white space", () => {
  assert.deepEqual(placesOf("Jean-Paul\u00a0Sartre", "Jean-Paul\n Sartre", true), [0]);
});
