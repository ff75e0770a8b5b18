// How a text is cut for the screen: blocks are its lines, pieces the unit that is drawn
// again when a span in it changes, segments the runs that look alike. Pure.

import { firstIndex } from "./offsets.js";

const LINE_END = /\r\n|[\n\r\u0085\u2028\u2029]/gu;
const PIECE_UNITS = 2000;
const JOINER = /[\u200c\u200d]/u;
const ODD =
  /[\u0000-\u0009\u000b-\u001f\u007f-\u00a0\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/gu;
const C0 =
  "NUL SOH STX ETX EOT ENQ ACK BEL BS HT LF VT FF CR SO SI DLE DC1 DC2 DC3 DC4 NAK SYN " +
  "ETB CAN EM SUB ESC FS GS RS US";
const NAMES = new Map([
  ...C0.split(" ").map((name, code) => [String.fromCharCode(code), name]),
  ["\t", "→"],
  ["\u007f", "DEL"],
  ["\u00a0", "⍽"],
  ["\u00ad", "SHY"],
  ["\u200b", "ZWSP"],
  ["\u200c", "ZWNJ"],
  ["\u200d", "ZWJ"],
  ["\u200e", "LRM"],
  ["\u200f", "RLM"],
  ["\u2028", "LS"],
  ["\u2029", "PS"],
  ["\u2060", "WJ"],
  ["\ufeff", "BOM"],
]);

// Lines as [from, to) in UTF-16 units, each with the pieces it is drawn in.
export function blocksOf(text) {
  const blocks = [];
  let from = 0;
  const close = (to) => {
    if (to > from) blocks.push({ from, to, pieces: piecesOf(text, from, to) });
    from = to;
  };
  for (const match of text.matchAll(LINE_END)) close(match.index + match[0].length);
  close(text.length);
  return blocks;
}

// A long line is drawn in pieces that end behind a space or, failing that, anywhere
// but inside a surrogate pair or before a combining character.
function piecesOf(text, from, to) {
  const pieces = [];
  let start = from;
  while (to - start > 2 * PIECE_UNITS) {
    const end = goodEnd(text, start + PIECE_UNITS, start + 2 * PIECE_UNITS);
    pieces.push({ from: start, to: end });
    start = end;
  }
  pieces.push({ from: start, to });
  return pieces;
}

function goodEnd(text, earliest, latest) {
  for (let unit = earliest; unit < latest; unit += 1) {
    if (text[unit - 1] === " " && !/[\p{M}\u200d]/u.test(text[unit])) return unit;
  }
  const isInside = (unit) => /^[\udc00-\udfff\p{M}\u200d\ufe0f]/u.test(text[unit]);
  let unit = earliest;
  while (unit < latest && (isInside(unit) || text[unit - 1] === "\u200d")) unit += 1;
  return unit;
}

export function indexOfPiece(pieces, unit) {
  return Math.max(0, firstIndex(pieces.length, (index) => pieces[index].from > unit) - 1);
}

// The runs of [start, end) between the boundaries of items: each with the items over it.
export function segmentsOf(start, end, items) {
  const edges = new Set([start, end]);
  for (const item of items) {
    if (item.start > start) edges.add(item.start);
    if (item.end < end) edges.add(item.end);
  }
  const sorted = [...edges].sort((a, b) => a - b);
  const segments = [];
  for (let index = 0; index + 1 < sorted.length; index += 1) {
    const [from, to] = [sorted[index], sorted[index + 1]];
    const over = items.filter((item) => item.start <= from && to <= item.end);
    segments.push({ start: from, end: to, items: over });
  }
  return segments;
}

// A run of text as parts: plain strings, and characters shown by a small mark.
export function partsOf(text) {
  const parts = [];
  let from = 0;
  for (const match of text.matchAll(ODD)) {
    const character = match[0];
    if (JOINER.test(character) && isAtWork(text, match.index)) continue;
    if (match.index > from) parts.push({ text: text.slice(from, match.index) });
    parts.push({ text: character, mark: markOf(character) });
    from = match.index + 1;
  }
  if (from < text.length) parts.push({ text: text.slice(from) });
  return parts;
}

// A joiner in an emoji or a cursive script shapes its neighbours: a mark would break it.
function isAtWork(text, index) {
  const before = index > 0 ? text.codePointAt(index - 1) : 0x20;
  return !/[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}\p{Script=Han}\s\d]/u.test(
    String.fromCodePoint(before),
  );
}

function markOf(character) {
  const code = character.codePointAt(0);
  if (NAMES.has(character)) return NAMES.get(character);
  return code.toString(16).toUpperCase().padStart(4, "0");
}
