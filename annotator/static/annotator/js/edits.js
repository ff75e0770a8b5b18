// The edits a person can make, as changes of the model. Pure: nothing is applied here.

import { makeChange } from "./changes.js";

// Another span than the one it came from: nobody proposed it as it is now.
const bare = ({ start, end, label }) => ({ start, end, label });

// Label a range; spans in the way are replaced where they may not overlap.
export function label(model, range, name) {
  const span = { start: range.start, end: range.end, label: name };
  if (model.has(span)) return makeChange({});
  const inTheWay = model.mayOverlap ? [] : model.spansIn(range.start, range.end);
  return makeChange({ add: [span], remove: inTheWay });
}

export function relabel(item, name) {
  return makeChange({ add: [{ ...bare(item), label: name }], remove: [item] });
}

// Accept suggestions, as they are or under another label.
export function accept(suggestions, name = null) {
  return makeChange({
    add: suggestions.map(({ start, end, label: proposed }) => ({
      start,
      end,
      label: name ?? proposed,
    })),
    reject: suggestions
      .filter((suggestion) => name !== null && name !== suggestion.label)
      .map(bare),
  });
}

export function reject(suggestions) {
  return makeChange({ reject: suggestions.map(bare) });
}

// Delete a span; what a model had proposed there does not come back.
export function remove(model, span) {
  const source = model.proposals.like(span);
  return makeChange({ remove: [span], reject: source ? reject([source]).reject : [] });
}

export function labelAll(ranges, name) {
  return makeChange({ add: ranges.map((range) => ({ ...range, label: name })) });
}

// Cut a span in two before a token in it: null where one part would be empty.
export function split(model, span, point) {
  if (point <= span.start || point >= span.end) return null;
  const before = model.tokens.range(model.tokens.until(point)).end;
  const end = before > span.start ? Math.min(before, point) : point;
  const halves = [{ ...bare(span), end }, { ...bare(span), start: point }];
  return makeChange({ add: halves, remove: [span] });
}

// Make one span of this one and the next, under the label of the first; or null.
export function merge(model, span) {
  const next = model.spans.find((other) => other.start >= span.end);
  if (!next) return null;
  return makeChange({ add: [{ ...bare(span), end: next.end }], remove: [span, next] });
}
