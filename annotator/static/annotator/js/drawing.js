// Draws one piece of text: marks for spans and suggestions, small signs for characters
// that cannot be seen. Every text node remembers where in the text it starts.

import { partsOf, segmentsOf } from "./blocks.js";
import { inTextOrder, rowsOf } from "./spans.js";
import { isRule, shortSource } from "./sources.js";

export const unitOf = new WeakMap(); // text node -> its first UTF-16 unit

// In em of the text: a letter of it, a letter of a label, the room between two labels.
const LETTER = 0.5;
const TAG_LETTER = 0.31;
const GAP = 0.25;
export const LAST_ROW = 3; // underlines further down share it

export function newSpan(className) {
  const span = document.createElement("span");
  span.className = className;
  return span;
}

export function drawPiece(piece, model, labelIndex) {
  const { start, end } = piece;
  const spans = model.spansIn(start, end);
  const items = [...spans, ...model.proposals.openIn(start, end)].sort(inTextOrder);
  const rows = model.mayOverlap ? rowsOf(items) : null;
  const rowOf = (item) => rows?.get(item) ?? 0;
  piece.nodes = [];
  const drawn = segmentsOf(start, end, items).map((segment) => {
    // The farthest underline is the outermost element.
    const over = segment.items.sort((a, b) => rowOf(a) - rowOf(b));
    return over.reduce((inner, item) => {
      const row = rowOf(item);
      const mark = newMark(segment, item, { isSpan: spans.includes(item), row, labelIndex });
      limitTag(mark, item, items.filter((other) => rowOf(other) === row), model.offsets);
      mark.append(...inner);
      return [mark];
    }, newParts(segment, model.offsets, piece));
  });
  piece.host.replaceChildren(...drawn.flat());
}

function newMark({ start, end }, item, { isSpan, row, labelIndex }) {
  const mark = document.createElement("mark");
  const label = `label-${labelIndex.get(item.label)}`;
  mark.className = `${isSpan ? "span" : "suggestion"} ${label}`;
  mark.classList.toggle("is-first", start === item.start);
  mark.classList.toggle("is-last", end === item.end);
  if (row) mark.classList.add(`row-${Math.min(row, LAST_ROW)}`);
  mark.dataset.start = item.start;
  mark.dataset.end = item.end;
  mark.classList.toggle("is-rule", !isSpan && isRule(item));
  mark.dataset.tag = isSpan ? item.label : `${item.label} ${shortSource(item)}`;
  return mark;
}

// The label of a short span must not run into the label of the one behind it.
function limitTag(mark, item, items, offsets) {
  const next = items[items.indexOf(item) + 1];
  if (!next || next.start - item.start > 2 * mark.dataset.tag.length) return;
  const room = widthOf(offsets.slice(item.start, next.start)) * LETTER - GAP;
  const fits = (tag) => widthOf(tag) * TAG_LETTER <= room;
  if (fits(mark.dataset.tag)) return;
  mark.dataset.tag = item.label; // the source is beside the text too
  if (fits(item.label)) return;
  mark.classList.add("is-tight");
  mark.style.setProperty("--room", String(room));
}

// About how wide a text is, counted in Latin letters.
const widthOf = (text) =>
  Array.from(text).reduce((sum, point) => sum + (/\p{Script=Han}/u.test(point) ? 2 : 1), 0);

function newParts({ start, end }, offsets, piece) {
  let unit = offsets.toUtf16(start);
  return partsOf(offsets.slice(start, end)).map((part) => {
    const node = document.createTextNode(part.text);
    unitOf.set(node, unit);
    piece.nodes.push({ node, unit });
    unit += part.text.length;
    if (!part.mark) return node;
    const host = newSpan(part.text === "\t" ? "odd odd--tab" : "odd");
    host.dataset.mark = part.mark;
    host.append(node);
    return host;
  });
}
