import assert from "node:assert/strict";
import test from "node:test";

import { difference, fromWire, invert, toWire } from "../../annotator/static/annotator/js/changes.js";
import * as edits from "../../annotator/static/annotator/js/edits.js";
import { firstOverlap } from "../../annotator/static/annotator/js/spans.js";
import { Model } from "../../annotator/static/annotator/js/model.js";
import { dragBoundary, moveBoundary, reshape } from "../../annotator/static/annotator/js/boundaries.js";
import { findOccurrences } from "../../annotator/static/annotator/js/occurrences.js";
import { randomFrom, seeded } from "./random.js";

const TEXT = "Ada 😀 met Karl Marx in Basel and ada left Basel.";

function tokensOf(text) {
  const points = Array.from(text);
  const tokens = [];
  points.forEach((point, index) => {
    if (/\s/u.test(point)) return;
    const isWord = /[\p{L}]/u.test(point);
    const previous = tokens.at(-1);
    const joins = isWord && previous?.isWord && previous.range[1] === index;
    if (joins) previous.range[1] = index + 1;
    else tokens.push({ isWord, range: [index, index + 1] });
  });
  return tokens.map(({ range }) => range);
}

function makeModel({ text = TEXT, spans = [], suggestions = [], rejections = [], mayOverlap = false } = {}) {
  return new Model({
    document: { id: 1, text, tokens: tokensOf(text), sentences: [0], split: "pool" },
    may_overlap: mayOverlap,
    labels: ["PER", "LOC", "ORG"].map((name) => ({ name, shortcut: "" })),
    annotation: { version: 0, state: "open", spans, rejections },
    suggestions,
    uncertain_tokens: [],
  });
}

const span = (start, end, label) => ({ start, end, label });
const asSpan = (item) => ({ kind: "span", item });
const bare = ({ start, end, label }) => ({ start, end, label });
const KARL = span(10, 19, "PER");

test("a change and its inverse bring every state back", () => {
  const random = seeded(8);
  const suggestions = [{ ...KARL, confidence: 0.6 }, { ...span(23, 28, "LOC"), confidence: 0.9 }];
  const model = makeModel({ suggestions });
  for (let round = 0; round < 400; round += 1) {
    const before = JSON.stringify(model.content);
    const change = randomChange(model, random);
    if (!change || !model.fits(change)) continue;
    model.apply(change);
    assert.equal(firstOverlap(model.spans), null);
    assert.ok(model.fits(invert(change)));
    model.apply(invert(change));
    assert.equal(JSON.stringify(model.content), before);
    model.apply(change);
  }
});

function randomChange(model, random) {
  const range = model.tokens.range(Math.floor(random() * model.tokens.length));
  const name = randomFrom(["PER", "LOC", "ORG"], random);
  const item = model.spans.length ? randomFrom(model.spans, random) : null;
  const way = Math.floor(random() * 5);
  if (way === 0) return edits.label(model, range, name);
  if (way === 1 && model.pending.length) return edits.accept([randomFrom(model.pending, random)]);
  if (way === 2 && model.pending.length) return edits.reject([randomFrom(model.pending, random)]);
  if (way === 3 && item) return edits.relabel(item, name);
  const target = item && { kind: "span", item };
  return target && moveBoundary(model, target, { edge: "end", direction: 1 });
}

test("a label over other spans replaces them in one change", () => {
  const model = makeModel({ spans: [span(10, 14, "PER"), span(15, 19, "ORG")] });
  const change = edits.label(model, { start: 10, end: 19 }, "PER");
  assert.ok(model.fits(change));
  model.apply(change);
  assert.deepEqual(model.spans.map(bare), [KARL]);
});

test("an accepted suggestion remembers the model's confidence", () => {
  const model = makeModel({ suggestions: [{ ...KARL, confidence: 0.61 }] });
  model.apply(edits.accept(model.pending));
  const source = { suggested: true, confidence: 0.61, checkpoint: null, rule: null };
  assert.deepEqual(model.spans, [{ ...KARL, ...source }]);
  assert.deepEqual(model.pending, []);
});

const SUGGESTED = { ...KARL, source: "model", checkpoint: 7, confidence: 0.61, rule: { id: 3, text: "Karl" } };
const SEEN = { checkpoint: 7, rule: 3, confidence: 0.61 };
const sourcesOf = (change, model) =>
  JSON.parse(JSON.stringify(toWire(change, model.offsets))).add.map(({ source }) => source);

test("an accepted suggestion says whose it was, also when it is redone on another page", () => {
  const page = makeModel({ suggestions: [SUGGESTED] });
  const made = page.apply(edits.accept(page.pending));
  assert.deepEqual(sourcesOf(made, page), [SEEN]);
  const retrained = makeModel({ suggestions: [{ ...SUGGESTED, checkpoint: 8, confidence: 0.9 }] });
  assert.deepEqual(sourcesOf(retrained.apply(made), retrained), [SEEN]);
  retrained.apply(edits.remove(retrained, retrained.spans[0]));
  const removed = page.apply(edits.remove(page, page.spans[0]));
  assert.deepEqual(sourcesOf(page.apply(invert(removed)), page), [SEEN]);
});

test("a span of one's own stays that where a later page proposes it", () => {
  const page = makeModel();
  const made = page.apply(edits.label(page, KARL, "PER"));
  assert.deepEqual(sourcesOf(made, page), [null]);
  const retrained = makeModel({ suggestions: [SUGGESTED] });
  assert.deepEqual(sourcesOf(retrained.apply(made), retrained), [null]);
});

test("what becomes of an accepted suggestion is the person's own", () => {
  const suggestions = [SUGGESTED, { ...SUGGESTED, ...span(23, 28, "LOC") }];
  const reworked = [
    (model) => edits.relabel(model.spans[0], "ORG"),
    (model) => edits.split(model, model.spans[0], 15),
    (model) => edits.merge(model, model.spans[0]),
    (model) => moveBoundary(model, asSpan(model.spans[0]), { edge: "end", direction: -1 }),
  ];
  for (const rework of reworked) {
    const model = makeModel({ suggestions });
    model.apply(edits.accept(model.pending));
    const made = model.apply(rework(model));
    assert.deepEqual(new Set(sourcesOf(made, model)), new Set([null]));
    model.apply(invert(made));
    assert.deepEqual(model.spans.map(({ checkpoint }) => checkpoint), [7, 7]);
  }
});

test("an edit that was written down brings its source, an old one asks the page", () => {
  const read = (add) => {
    const model = makeModel({ suggestions: [SUGGESTED] });
    return sourcesOf(model.apply(fromWire({ add })), model);
  };
  assert.deepEqual(read([{ ...KARL, surface: "Karl Marx", source: { ...SEEN, checkpoint: 2 } }]), [{ ...SEEN, checkpoint: 2 }]);
  assert.deepEqual(read([{ ...KARL, surface: "Karl Marx", source: null }]), [null]);
  assert.deepEqual(read([{ ...KARL, surface: "Karl Marx" }]), [SEEN]);
  assert.deepEqual(read([{ ...KARL, source: { confidence: 0.5 } }]), [{ confidence: 0.5 }]);
});

test("a deleted suggestion does not come back as a suggestion", () => {
  const model = makeModel({ suggestions: [{ ...KARL, confidence: 0.61 }] });
  model.apply(edits.accept(model.pending));
  model.apply(edits.remove(model, model.spans[0]));
  assert.deepEqual(model.spans, []);
  assert.deepEqual(model.pending, []);
});

test("a span hides the suggestions in its place", () => {
  const suggestions = [{ ...KARL, confidence: 0.6 }, { ...span(23, 28, "LOC"), confidence: 0.2 }];
  const model = makeModel({ spans: [span(10, 14, "ORG")], suggestions });
  assert.deepEqual(model.pending.map(bare), [span(23, 28, "LOC")]);
});

test("suggestions come least certain first", () => {
  const suggestions = [{ ...KARL, confidence: 0.9 }, { ...span(23, 28, "LOC"), confidence: 0.3 }];
  const order = makeModel({ suggestions }).proposals.leastCertainFirst();
  assert.deepEqual(order.map((item) => item.confidence), [0.3, 0.9]);
});

test("boundaries move by token, by cluster, and never over another span", () => {
  const model = makeModel({ spans: [span(10, 14, "PER"), span(20, 22, "ORG")] });
  const move = (edge, direction, byCharacter = false) =>
    moveBoundary(model, asSpan(model.spans[0]), { edge, direction, byCharacter });
  assert.deepEqual(bare(move("end", 1).add[0]), KARL);
  assert.deepEqual(bare(move("start", -1).add[0]), span(6, 14, "PER"));
  assert.deepEqual(bare(move("end", -1, true).add[0]), span(10, 13, "PER"));
  assert.equal(move("start", 1), null);
  model.apply(move("end", 1));
  assert.equal(move("end", 1), null);
});

test("all occurrences are whole, free and of the wanted case", () => {
  const model = makeModel({ spans: [span(23, 28, "LOC")] });
  const find = (surface, matchCase) =>
    findOccurrences(surface, model, { matchCase, wholeTokens: true }).found.map(
      ({ start, end }) => [start, end],
    );
  assert.deepEqual(find("Basel", true), [[42, 47]]);
  assert.deepEqual(find("Ada", true), [[0, 3]]);
  assert.deepEqual(find("Ada", false), [[0, 3], [33, 36]]);
  assert.deepEqual(find("a", true), []);
});

test("occurrences within tokens are whole characters; taken places are counted", () => {
  const model = makeModel({ text: "cafe cafe\u0301 cafes", spans: [span(0, 4, "LOC")] });
  const options = { matchCase: true, wholeTokens: false };
  const { found, taken } = findOccurrences("cafe", model, options);
  assert.deepEqual([found, taken], [[{ start: 11, end: 15 }], 1]);
});

test("a boundary is dragged to the nearest token, with Alt to the nearest character", () => {
  const model = makeModel({ spans: [span(10, 14, "PER"), span(23, 28, "LOC")] });
  const drag = (edge, point, byCharacter = false) => {
    const { start, end } = dragBoundary(model, model.spans[0], { edge, point, byCharacter });
    return [start, end];
  };
  assert.deepEqual(drag("end", 18), [10, 19]);
  assert.deepEqual(drag("end", 16), [10, 14]);
  assert.deepEqual(drag("end", 16, true), [10, 16]);
  assert.deepEqual(drag("start", 7), [6, 14]);
  assert.deepEqual(drag("end", 2), [10, 10]);
  assert.equal(reshape(model, asSpan(model.spans[0]), { start: 10, end: 10 }), null);
  assert.equal(reshape(model, asSpan(model.spans[0]), { start: 10, end: 28 }), null);
});

test("a suggestion whose boundary moves becomes a span and is not proposed again", () => {
  const suggestion = { ...span(10, 14, "PER"), confidence: 0.6 };
  const model = makeModel({ suggestions: [suggestion] });
  const target = { kind: "suggestion", item: model.pending[0] };
  model.apply(moveBoundary(model, target, { edge: "end", direction: 1 }));
  assert.deepEqual(model.spans.map(bare), [KARL]);
  assert.equal(model.spans[0].confidence, null);
  model.apply(edits.remove(model, model.spans[0]));
  assert.deepEqual(model.pending, []);
});

test("a span is split before a token and merged with the next", () => {
  const model = makeModel({ spans: [KARL] });
  model.apply(edits.split(model, model.spans[0], 15));
  assert.deepEqual(model.spans.map(bare), [span(10, 14, "PER"), span(15, 19, "PER")]);
  assert.equal(edits.split(model, model.spans[0], 10), null);
  model.apply(edits.merge(model, model.spans[0]));
  assert.deepEqual(model.spans.map(bare), [KARL]);
  assert.equal(edits.merge(model, model.spans[0]), null);
});

test("where spans may overlap, one lies in another and only a repeat is refused", () => {
  const model = makeModel({ spans: [span(6, 28, "ORG")], mayOverlap: true });
  const nested = edits.label(model, { start: 10, end: 19 }, "PER");
  assert.ok(model.fits(nested));
  model.apply(nested);
  assert.deepEqual(model.spans.map(bare), [span(6, 28, "ORG"), KARL]);
  const again = { ...nested, add: [KARL] };
  assert.equal(model.fits(again), false);
  assert.equal(model.fits({ ...nested, add: [span(10, 19, "LOC")] }), true);
  const kinds = model.itemsAt({ start: 10, end: 14 }).map(({ item }) => item.label);
  assert.deepEqual(kinds, ["PER", "ORG"]);
  model.apply(edits.remove(model, model.spans[1]));
  assert.deepEqual(model.spans.map(bare), [span(6, 28, "ORG")]);
});

test("where spans may overlap, only the same span closes a suggestion", () => {
  const proposed = [KARL, span(23, 28, "LOC")].map((one) => ({ ...one, confidence: 0.6 }));
  const around = [span(6, 28, "ORG"), span(10, 19, "LOC"), span(10, 14, "PER")];
  const open = (options) => makeModel({ suggestions: proposed, ...options }).pending.map(bare);
  assert.deepEqual(open({ spans: around, mayOverlap: true }), [KARL, span(23, 28, "LOC")]);
  assert.deepEqual(open({ spans: [...around, KARL], mayOverlap: true }), [span(23, 28, "LOC")]);
  assert.deepEqual(open({ rejections: [KARL], mayOverlap: true }), [span(23, 28, "LOC")]);
  assert.deepEqual(open({ spans: [span(6, 28, "ORG")] }), []);
  assert.deepEqual(open({ spans: [span(10, 14, "PER")] }), [span(23, 28, "LOC")]);
});

test("a suggestion in a span is what stands innermost, and is accepted there", () => {
  const suggestions = [{ ...KARL, confidence: 0.6 }];
  const model = makeModel({ spans: [span(6, 28, "ORG")], suggestions, mayOverlap: true });
  const kinds = model.itemsAt({ start: 10, end: 14 }).map(({ kind }) => kind);
  assert.deepEqual(kinds, ["suggestion", "span"]);
  const change = edits.accept(model.pending);
  assert.ok(model.fits(change));
  model.apply(change);
  assert.deepEqual(model.pending, []);
  assert.deepEqual(model.spans.map(bare), [span(6, 28, "ORG"), KARL]);
});

test("all of 20,000 occurrences are found, labelled and taken back in good time", () => {
  const model = makeModel({ text: "ab ".repeat(20_000), suggestions: [{ ...span(3, 5, "LOC"), confidence: 0.6 }] });
  const options = { matchCase: true, wholeTokens: true };
  const change = edits.labelAll(findOccurrences("ab", model, options).found, "LOC");
  assert.equal(change.add.length, 20_000);
  const before = performance.now();
  assert.ok(model.fits(change));
  model.apply(change);
  assert.deepEqual(model.spans.slice(0, 3).map(({ suggested }) => suggested), [false, true, false]);
  assert.ok(model.fits(invert(change)));
  model.apply(invert(change));
  assert.deepEqual(model.spans, []);
  assert.ok(performance.now() - before < 5000); // pairwise it takes minutes
  const twice = { ...change, add: [...change.add, span(4, 5, "PER")] };
  assert.equal(model.fits(twice), false);
});

test("500 occurrences are one change", () => {
  const model = makeModel({ text: "Basel (a.b) ".repeat(500) });
  const options = { matchCase: true, wholeTokens: true };
  const { found: ranges } = findOccurrences("Basel", model, options);
  const change = edits.labelAll(ranges, "LOC");
  assert.equal(change.add.length, 500);
  assert.ok(model.fits(change));
  assert.equal(findOccurrences("(a.b)", model, options).found.length, 500);
});

test("the wire carries the surface and the source of added spans and no more", () => {
  const model = makeModel();
  const change = edits.label(model, KARL, "PER");
  assert.deepEqual(toWire(change, model.offsets), {
    add: [{ ...KARL, surface: "Karl Marx", source: null }],
    remove: [],
    reject: [],
    unreject: [],
  });
});

test("the difference of two versions leads from one to the other", () => {
  const from = { spans: [KARL], rejections: [span(0, 3, "PER")] };
  const to = { spans: [span(0, 3, "ORG")], rejections: [] };
  assert.deepEqual(difference(from, to), {
    add: [span(0, 3, "ORG")],
    remove: [KARL],
    reject: [],
    unreject: [span(0, 3, "PER")],
  });
});

test("a chain of 12,000 suggestions is one reach, found for each of them at once", () => {
  const suggestions = Array.from({ length: 12_000 }, (_, index) => ({
    ...span(2 * index, 2 * index + 3, "PER"),
    confidence: 0.5,
  }));
  for (const mayOverlap of [true, false]) {
    const model = makeModel({ text: "a".repeat(24_001), suggestions, mayOverlap });
    const before = performance.now();
    for (const item of suggestions) {
      assert.deepEqual(model.reachOf(item), { start: 0, end: 24_001 });
    }
    assert.ok(performance.now() - before < 1000);
  }
});
