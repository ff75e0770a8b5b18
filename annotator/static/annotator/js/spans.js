// Labelled spans and the one rule about their overlap, as in modeling/spans.py; both
// run over tests/data/span_overlap_cases.json. Offsets are half-open code points.

export const inTextOrder = (a, b) => a.start - b.start || a.end - b.end;

export const keyOf = (span) => `${span.start}:${span.end}:${span.label}`;

export const isSame = (a, b) =>
  a.start === b.start && a.end === b.end && a.label === b.label;

// Whether two spans share a code point; their labels do not matter.
export const overlaps = (a, b) => a.start < b.end && b.start < a.end;

// The first two spans in the order of the text that overlap, or null.
export function firstOverlap(spans) {
  let furthest = null;
  for (const span of [...spans].sort(inTextOrder)) {
    if (furthest && span.start < furthest.end) return [furthest, span];
    furthest = span;
  }
  return null;
}

// The first span in the order of the text that is there twice, as a pair, or null.
export function firstRepeat(spans) {
  const seen = new Set();
  for (const span of [...spans].sort(inTextOrder)) {
    if (seen.has(keyOf(span))) return [span, span];
    seen.add(keyOf(span));
  }
  return null;
}

// [kept, dropped]: spans that do not overlap, the longest first, then the earliest.
export function outermost(spans) {
  const byLength = (a, b) => b.end - b.start - (a.end - a.start) || a.start - b.start;
  const kept = [];
  const dropped = [];
  for (const span of [...spans].sort(byLength)) {
    const after = placeOf(kept, span);
    const neighbours = kept.slice(Math.max(after - 1, 0), after + 1);
    if (neighbours.some((other) => overlaps(other, span))) dropped.push(span);
    else kept.splice(after, 0, span);
  }
  return [kept, dropped.sort(inTextOrder)];
}

// Where a span belongs in a list in the order of the text.
export function placeOf(sorted, span) {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (inTextOrder(sorted[middle], span) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

// Where this very span, with its label, is in a list in the order of the text, or -1.
export function indexOfSame(sorted, span) {
  const isHere = (other) => other?.start === span.start && other.end === span.end;
  let index = placeOf(sorted, span);
  while (isHere(sorted[index]) && !isSame(sorted[index], span)) index += 1;
  return isHere(sorted[index]) ? index : -1;
}

// The spans of a list in the order of the text that touch [start, end). A flat list
// needs no more; in a layered one, where spans may overlap, the longest one's length
// says how far back to look.
export function within(sorted, start, end, longest = 0) {
  let index = placeOf(sorted, { start: start - longest, end: start - longest });
  while (index > 0 && sorted[index - 1].end > start) index -= 1;
  const found = [];
  for (; index < sorted.length && sorted[index].start < end; index += 1) {
    if (sorted[index].end > start) found.push(sorted[index]);
  }
  return found;
}

// The stretches of the text that a list in its order covers: what overlaps, or overlaps
// what does, is one of them.
export function stretchesOf(sorted) {
  const stretches = [];
  for (const { start, end } of sorted) {
    const last = stretches.at(-1);
    if (last && start < last.end) last.end = Math.max(last.end, end);
    else stretches.push({ start, end });
  }
  return stretches;
}

// The row of underlines of each span, by span: 0 next to the text, shorter spans first,
// so that no two that overlap share a row.
export function rowsOf(spans) {
  const rows = new Map();
  const length = ({ start, end }) => end - start;
  for (const span of [...spans].sort((a, b) => length(a) - length(b))) {
    const taken = [...rows.keys()].filter((other) => overlaps(other, span));
    const used = new Set(taken.map((other) => rows.get(other)));
    let row = 0;
    while (used.has(row)) row += 1;
    rows.set(span, row);
  }
  return rows;
}
