import assert from "node:assert/strict";
import test from "node:test";

import { Proposals } from "../../annotator/static/annotator/js/proposals.js";
import { overlaps } from "../../annotator/static/annotator/js/spans.js";
import { randomFrom, seeded } from "./random.js";

const suggestion = (start, end, label, confidence = 0.5) => ({ start, end, label, confidence });
const BANK = suggestion(0, 13, "ORG", 0.9);
const CHINA = suggestion(8, 13, "LOC", 0.4);
const nothingIsDecided = () => false;

function proposalsOf(suggestions, { mayOverlap }) {
  const proposals = new Proposals(suggestions, mayOverlap);
  proposals.update(nothingIsDecided);
  return proposals;
}

test("where spans may overlap, every suggestion is open", () => {
  const proposals = proposalsOf([CHINA, BANK], { mayOverlap: true });
  assert.deepEqual(proposals.open, [BANK, CHINA]);
  assert.deepEqual(proposals.leastCertainFirst(), [CHINA, BANK]);
  assert.deepEqual(proposals.openIn(9, 10), [BANK, CHINA]);
});

test("where spans are flat, the longest is open, and the next one when that is rejected", () => {
  const proposals = proposalsOf([CHINA, BANK], { mayOverlap: false });
  assert.deepEqual(proposals.open, [BANK]);
  assert.deepEqual(proposals.undecided, [BANK, CHINA]);
  proposals.update((one) => one === BANK);
  assert.deepEqual(proposals.open, [CHINA]);
});

test("of one place the suggestion of the label that is asked for is found", () => {
  const other = suggestion(8, 13, "ORG");
  const proposals = proposalsOf([BANK, CHINA, other], { mayOverlap: true });
  assert.equal(proposals.like({ start: 8, end: 13, label: "ORG" }), other);
  assert.equal(proposals.like({ start: 8, end: 13, label: "PER" }), null);
});

test("what touches a range is what a scan finds", () => {
  const random = seeded(5);
  for (let round = 0; round < 200; round += 1) {
    const suggestions = Array.from({ length: 12 }, (_, index) => {
      const start = Math.floor(random() * 30);
      return suggestion(start, start + 1 + Math.floor(random() * 9), `L${index}`);
    });
    const mayOverlap = randomFrom([true, false], random);
    const proposals = proposalsOf(suggestions, { mayOverlap });
    const range = { start: 10, end: 10 + 1 + Math.floor(random() * 10) };
    const scanned = (list) => list.filter((one) => overlaps(one, range));
    assert.deepEqual(proposals.openIn(range.start, range.end), scanned(proposals.open));
  }
});
