// The text on the screen, piece by piece: an edit draws only the pieces it touches.
// Translates between places in the DOM and code points.

import { blocksOf, indexOfPiece } from "./blocks.js";
import { drawPiece, newSpan, unitOf } from "./drawing.js";
import { firstIndex } from "./offsets.js";
import { inTextOrder } from "./spans.js";

const LONG_TEXT = 20_000; // from here on, blocks off the screen are not laid out
const LONG_LINE = 8000; // from here on, a line is laid out piece by piece

export class TextView {
  #model;
  #labelIndex;
  #pieces = [];

  constructor(root, model) {
    this.root = root;
    this.#model = model;
    this.#labelIndex = new Map(model.labels.map(({ name }, index) => [name, index]));
  }

  draw() {
    const { offsets } = this.#model;
    const all = document.createDocumentFragment();
    for (const [index, block] of blocksOf(offsets.text).entries()) {
      const isLong = block.to - block.from > LONG_LINE;
      const parts = isLong ? block.pieces.map((piece) => [piece]) : [block.pieces];
      const elements = parts.map((pieces) => this.#newBlock(pieces));
      elements[0].dataset.line = index + 1;
      all.append(...elements);
    }
    this.root.classList.toggle("text--layered", this.#model.mayOverlap);
    this.root.classList.toggle("text--long", offsets.text.length > LONG_TEXT);
    this.root.replaceChildren(all);
  }

  // Draw again what a change touched, or everything without one.
  redraw(change) {
    const pieces = change ? this.#touchedBy(change) : this.#pieces;
    for (const piece of pieces) drawPiece(piece, this.#model, this.#labelIndex);
  }

  // The code point at a place in the DOM, as selections name places.
  codePointAt(node, offset) {
    return this.#model.offsets.toCodePoint(this.#unitAt(node, offset));
  }

  // The DOM range of a range of code points.
  rangeOf({ start, end }) {
    const range = document.createRange();
    range.setStart(...this.#placeBefore(this.#model.offsets.toUtf16(start)));
    range.setEnd(...this.#placeBehind(this.#model.offsets.toUtf16(end)));
    return range;
  }

  // The code points that are drawn together with one of them.
  pieceAround(point) {
    const { start, end } = this.#pieceAt(this.#model.offsets.toUtf16(point));
    return { start, end };
  }

  // The element a range begins in.
  hostOf({ start }) {
    return this.#pieceAt(this.#model.offsets.toUtf16(start)).host;
  }

  #newBlock(pieces) {
    const element = document.createElement("div");
    element.className = "text__block";
    element.dir = "auto";
    for (const { from, to } of pieces) {
      const isOnly = pieces.length === 1;
      const piece = {
        from,
        start: this.#model.offsets.toCodePoint(from),
        end: this.#model.offsets.toCodePoint(to),
        host: isOnly ? element : element.appendChild(newSpan("text__piece")),
      };
      this.#pieces.push(piece);
      drawPiece(piece, this.#model, this.#labelIndex);
    }
    return element;
  }

  // A change shows or hides suggestions and moves underlines of spans that overlap:
  // both may reach into other pieces.
  #touchedBy({ add, remove, reject, unreject }) {
    const { offsets } = this.#model;
    const touched = new Set();
    let reach = { end: 0 };
    for (const span of [...add, ...remove, ...reject, ...unreject].sort(inTextOrder)) {
      if (span.end <= reach.end) continue; // drawn with the one before
      reach = this.#model.reachOf(span);
      const last = indexOfPiece(this.#pieces, offsets.toUtf16(reach.end - 1));
      let index = indexOfPiece(this.#pieces, offsets.toUtf16(reach.start));
      for (; index <= last; index += 1) touched.add(this.#pieces[index]);
    }
    return touched;
  }

  #pieceAt(unit) {
    return this.#pieces[indexOfPiece(this.#pieces, unit)];
  }

  #placeBefore(unit) {
    const { nodes } = this.#pieceAt(unit);
    const behind = firstIndex(nodes.length, (index) => nodes[index].unit > unit);
    const { node, unit: from } = nodes[Math.max(0, behind - 1)];
    return [node, unit - from];
  }

  // At a seam between two nodes: the end of the first, not the start of the second.
  #placeBehind(unit) {
    const [node, offset] = this.#placeBefore(unit - 1);
    return [node, offset + 1];
  }

  #unitAt(node, offset) {
    if (unitOf.has(node)) return unitOf.get(node) + offset;
    const texts = document.createTreeWalker(this.root, NodeFilter.SHOW_TEXT);
    const next = this.root.contains(node) ? node.childNodes[offset] : null;
    if (next) {
      texts.currentNode = next;
      const text = unitOf.has(next) ? next : texts.nextNode();
      return text ? unitOf.get(text) : this.#model.offsets.text.length;
    }
    if (!this.root.contains(node)) {
      const order = this.root.compareDocumentPosition(node);
      const isBefore = order & Node.DOCUMENT_POSITION_PRECEDING;
      return isBefore ? 0 : this.#model.offsets.text.length;
    }
    let last = node;
    while (last.lastChild) last = last.lastChild;
    return unitOf.has(last) ? unitOf.get(last) + last.length : 0;
  }
}
