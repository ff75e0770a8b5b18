// Where a suggestion comes from, in words: a model's percentage, a kind of rule, a file.

import { percent } from "./dom.js";

export const isRule = ({ source }) => source === "rule";

// Proposed by another program, whose file was imported.
const isImported = ({ source }) => source === "import";

// What an edit says of where a span comes from: null for a person's own, nothing where
// a history that is older than this question does not know.
export function sourceOf({ suggested, checkpoint, rule, confidence }) {
  if (!suggested) return null;
  if (checkpoint === undefined) return undefined;
  return { checkpoint: checkpoint ?? undefined, rule: rule?.id, confidence };
}

// What a span remembers of the suggestion it was, if it was one.
export const provenanceOf = (suggestion) => ({
  suggested: Boolean(suggestion),
  confidence: suggestion?.confidence ?? null,
  checkpoint: suggestion?.checkpoint ?? null,
  rule: suggestion?.rule ?? null,
});

// The same from what an edit said.
export const provenanceFrom = (source) =>
  provenanceOf(source && { ...source, rule: source.rule && { id: source.rule } });

// One word for a kind of rule.
const kindName = ({ kind }) =>
  kind === "pattern" ? gettext("pattern") : gettext("dictionary");

// What stands beside the label in the text: who says so, or how certain a model is.
export function shortSource(item) {
  if (isImported(item)) return gettext("file");
  return isRule(item) ? kindName(item.rule) : percent(item.confidence);
}

// The same with the share of agreement, for lists.
export function longSource(item) {
  if (isImported(item)) return shortSource(item);
  const share = percent(item.confidence);
  if (!item.rule) return share;
  const kind = kindName(item.rule);
  return isRule(item) ? `${kind} ${share}` : `${share} · ${kind}`;
}

// A sentence about the number: whose it is, and which rule found the place.
export function explainSource({ source, rule }) {
  if (source === "import") return gettext("From an imported file, with no confidence");
  if (!rule) return gettext("Confidence of the model");
  const values = { kind: kindName(rule), text: rule.text };
  const sentence =
    source === "rule"
      ? gettext("Found by a rule (%(kind)s: “%(text)s”); how often people agreed with it")
      : gettext("Confidence of the model; also found by a rule (%(kind)s: “%(text)s”)");
  return interpolate(sentence, values, true);
}

// What a screen reader says of a suggestion.
export function speakSource(surface, item) {
  const values = {
    surface,
    label: item.label,
    share: Math.round(item.confidence * 100),
    kind: item.rule ? kindName(item.rule) : "",
  };
  return interpolate(spokenSentence(item), values, true);
}

function spokenSentence(item) {
  if (isImported(item))
    return gettext("%(surface)s, suggested as %(label)s by an imported file");
  return isRule(item)
    ? gettext("%(surface)s, suggested as %(label)s by a rule (%(kind)s), %(share)s percent agreement")
    : gettext("%(surface)s, suggested as %(label)s by the model, %(share)s percent certain");
}
