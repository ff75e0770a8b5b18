// The tokens of a document and how a range of code points snaps to them.

import { firstIndex } from "./offsets.js";

export class Tokens {
  #starts;
  #ends;

  constructor(tokens) {
    this.#starts = Uint32Array.from(tokens, ([start]) => start);
    this.#ends = Uint32Array.from(tokens, ([, end]) => end);
    this.length = tokens.length;
  }

  range(index) {
    return { start: this.#starts[index], end: this.#ends[index] };
  }

  // The first token that ends behind an offset; length when there is none.
  from(offset) {
    return firstIndex(this.length, (index) => this.#ends[index] > offset);
  }

  // The last token that starts before an offset; -1 when there is none.
  until(offset) {
    return firstIndex(this.length, (index) => this.#starts[index] >= offset) - 1;
  }

  // The token at or nearest to an offset; -1 in a text without tokens.
  nearest(offset) {
    const next = this.from(offset);
    if (next === this.length) return this.length - 1;
    if (this.#starts[next] <= offset || next === 0) return next;
    return this.#starts[next] - offset < offset - this.#ends[next - 1]
      ? next
      : next - 1;
  }

  // The range of whole tokens that [start, end) touches, or null.
  snap(start, end) {
    const first = this.from(start);
    const last = this.until(end);
    if (first > last) return null;
    return { start: this.#starts[first], end: this.#ends[last] };
  }

  isWhole(start, end) {
    const snapped = this.snap(start, end);
    return snapped !== null && snapped.start === start && snapped.end === end;
  }
}

const JOINED =
  /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]\p{M}*$/u;

// Whether a token is one character of a script that writes words without spaces.
export const isJoinedScript = (surface) => JOINED.test(surface);
