import assert from "node:assert/strict";
import test from "node:test";

globalThis.gettext = (text) => text;
globalThis.interpolate = (text, values) =>
  text.replace(/%\((\w+)\)s/g, (_, name) => String(values[name]));

const sources = await import("../../annotator/static/annotator/js/sources.js");

const place = { start: 0, end: 5, label: "LOC" };
const byModel = { ...place, confidence: 0.614, source: "model", rule: null };
const entry = { kind: "dictionary", text: "Basel" };
const byRule = { ...place, confidence: 0.75, source: "rule", rule: entry };
const byPattern = { ...byRule, rule: { kind: "pattern", text: "B\\w+" } };
const byBoth = { ...byModel, rule: entry };
const byFile = { ...place, confidence: 0.5, source: "import", rule: null };

test("what came in a file shows no percentage, for nobody knows it", () => {
  assert.equal(sources.shortSource(byFile), "file");
  assert.equal(sources.longSource(byFile), "file");
  assert.match(sources.explainSource(byFile), /imported file/);
  assert.equal(
    sources.speakSource("Basel", byFile),
    "Basel, suggested as LOC by an imported file",
  );
});

test("a model's suggestion shows a percentage, a rule's the kind of rule", () => {
  assert.equal(sources.shortSource(byModel), "61%");
  assert.equal(sources.shortSource(byRule), "dictionary");
  assert.equal(sources.shortSource(byPattern), "pattern");
});

test("what both propose is the model's, and names the rule too", () => {
  assert.equal(sources.isRule(byBoth), false);
  assert.equal(sources.shortSource(byBoth), "61%");
  assert.equal(sources.longSource(byBoth), "61% · dictionary");
  assert.match(sources.explainSource(byBoth), /^Confidence of the model.*“Basel”/);
});

test("the sentence behind the number says whose number it is", () => {
  assert.equal(sources.explainSource(byModel), "Confidence of the model");
  assert.match(sources.explainSource(byPattern), /pattern: “B\\w\+”.*people agreed/);
});

test("a screen reader hears the source", () => {
  const spoken = sources.speakSource("Basel", byRule);
  assert.equal(
    spoken,
    "Basel, suggested as LOC by a rule (dictionary), 75 percent agreement",
  );
  assert.match(sources.speakSource("Basel", byModel), /by the model, 61 percent certain$/);
});
