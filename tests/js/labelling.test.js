import assert from "node:assert/strict";
import test from "node:test";

import { applyLabel } from "../../annotator/static/annotator/js/labelling.js";
import { Model } from "../../annotator/static/annotator/js/model.js";

const CITY = { start: 0, end: 4 };

function changeBy(name, { spans }) {
  const suggestion = { ...CITY, label: "LOC", confidence: 0.7, source: "model", checkpoint: 1, rule: null };
  const model = new Model({
    document: { id: 1, text: "Bern", tokens: [[0, 4]], sentences: [0], split: "pool" },
    may_overlap: true,
    labels: ["LOC", "ORG"].map((label) => ({ name: label, shortcut: "" })),
    annotation: { version: 0, state: "open", spans, rejections: [] },
    suggestions: [suggestion],
    uncertain_tokens: [],
  });
  let performed;
  applyLabel(
    {
      model,
      cursor: { range: CITY },
      target: { kind: "suggestion", item: suggestion },
      perform: (change) => (performed = change),
      select() {},
    },
    name,
  );
  return { add: performed.add, reject: performed.reject };
}

test("a suggestion is accepted under another label, and as it was not", () => {
  const change = changeBy("ORG", { spans: [] });
  assert.deepEqual(change, { add: [{ ...CITY, label: "ORG" }], reject: [{ ...CITY, label: "LOC" }] });
});

test("where the label is already, the whole span is named", () => {
  const item = { start: 0, end: 9, label: "LOC" };
  const model = { offsets: { slice: (start, end) => "Bern City".slice(start, end) }, has: () => true };
  const target = { kind: "span", item };
  let said;
  globalThis.gettext = (text) => text;
  globalThis.interpolate = (text, values) => values.reduce((rest, value) => rest.replace("%s", value), text);
  applyLabel({ model, cursor: { range: CITY }, target, say: (sentence) => (said = sentence) }, "LOC");
  assert.equal(said, "“Bern City” is marked as LOC already.");
});

test("under a label that its place has already it is only turned down", () => {
  const change = changeBy("ORG", { spans: [{ ...CITY, label: "ORG" }] });
  assert.deepEqual(change, { add: [], reject: [{ ...CITY, label: "LOC" }] });
});
