// The only converter between code points, which are stored and sent, and the
// UTF-16 units that JavaScript strings and the DOM count. Both kinds of offset are
// half-open; a lone surrogate is one code point, as in Python.

const isHigh = (unit) => unit >= 0xd800 && unit <= 0xdbff;
const isLow = (unit) => unit >= 0xdc00 && unit <= 0xdfff;

// The first index for which reached(index) holds, where it holds for all behind it.
export function firstIndex(length, reached) {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (reached(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

export class Offsets {
  #pairs; // units at which a surrogate pair starts, increasing
  #clusters = null;

  constructor(text) {
    this.text = text;
    const pairs = [];
    for (let unit = 0; unit + 1 < text.length; unit += 1) {
      if (isHigh(text.charCodeAt(unit)) && isLow(text.charCodeAt(unit + 1))) {
        pairs.push(unit);
        unit += 1;
      }
    }
    this.#pairs = Uint32Array.from(pairs);
    this.length = text.length - pairs.length; // in code points, as Python's len()
  }

  // A unit in the middle of a pair counts as the start of its character.
  toCodePoint(unit) {
    const pairs = this.#pairs;
    return unit - firstIndex(pairs.length, (index) => pairs[index] >= unit);
  }

  toUtf16(codePoint) {
    const pairs = this.#pairs;
    // The n-th pair starts at code point pairs[n] - n.
    const isBehind = (index) => pairs[index] - index >= codePoint;
    return codePoint + firstIndex(pairs.length, isBehind);
  }

  // The surface string of a span of code points.
  slice(start, end) {
    return this.text.slice(this.toUtf16(start), this.toUtf16(end));
  }

  // The code points of the grapheme cluster that holds a code point.
  clusterAt(codePoint) {
    const segment = this.#segments().containing(this.toUtf16(codePoint));
    if (!segment) return { start: this.length, end: this.length };
    return {
      start: this.toCodePoint(segment.index),
      end: this.toCodePoint(segment.index + segment.segment.length),
    };
  }

  // The smallest range of whole grapheme clusters around a range.
  wholeClusters(start, end) {
    if (start >= end) return { start, end };
    return { start: this.clusterAt(start).start, end: this.clusterAt(end - 1).end };
  }

  #segments() {
    if (!this.#clusters) {
      const segmenter = new Intl.Segmenter(undefined, { granularity: "grapheme" });
      this.#clusters = segmenter.segment(this.text);
    }
    return this.#clusters;
  }
}
