// Every place where a text says the same, for “label all occurrences”. Pure.

export const MOST_AT_ONCE = 20_000; // spans that the server takes in one edit

// {found, taken}: the ranges that read like the surface and are still free, in text
// order, and how many others have a span in their place.
export function findOccurrences(surface, model, { matchCase, wholeTokens }) {
  const { offsets } = model;
  const pattern = new RegExp(escape(surface), matchCase ? "gu" : "giu");
  const found = [];
  let taken = 0;
  for (const match of offsets.text.matchAll(pattern)) {
    const start = offsets.toCodePoint(match.index);
    const end = offsets.toCodePoint(match.index + match[0].length);
    if (!isWhole(start, end, model, wholeTokens)) continue;
    if (model.isFree({ start, end })) found.push({ start, end });
    else taken += 1;
  }
  return { found, taken };
}

// Whether a match is made of whole tokens or, where that is not asked for, of whole
// characters as people count them.
function isWhole(start, end, { offsets, tokens }, wholeTokens) {
  if (wholeTokens) return tokens.isWhole(start, end);
  const whole = offsets.wholeClusters(start, end);
  return whole.start === start && whole.end === end;
}

// White space matches any white space: a name may be broken over two lines. Only syntax
// characters may have a backslash under the u flag, so no hyphen.
function escape(surface) {
  return surface
    .split(/\s+/u)
    .map((part) => part.replace(/[\\^$.*+?()[\]{}|/]/gu, "\\$&"))
    .join("\\s+");
}
