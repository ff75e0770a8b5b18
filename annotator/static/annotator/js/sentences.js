// The sentences of a document, as runs of tokens. Pure.

import { firstIndex } from "./offsets.js";

export class Sentences {
  #starts; // the tokens that start a sentence, increasing
  #tokens;

  constructor(starts, tokens) {
    this.#starts = starts.length ? starts : [0];
    this.#tokens = tokens;
  }

  // The range of code points of the sentence that a token is in.
  around(token) {
    const index = this.#indexOf(token);
    const { start } = this.#tokens.range(this.#starts[index]);
    return { start, end: this.#tokens.range(this.#lastOf(index)).end };
  }

  // The token that a step leads to: the start of the next sentence or the end of the
  // last one; backwards the start of this sentence or, from there, of the one before.
  step(token, direction) {
    const index = this.#indexOf(token);
    if (direction > 0) return this.#starts[index + 1] ?? this.#tokens.length - 1;
    const isAtStart = this.#starts[index] === token;
    return this.#starts[Math.max(0, isAtStart ? index - 1 : index)];
  }

  // The token that a selection grows to: forwards the last one of this sentence or, from
  // there, of the next.
  reach(token, direction) {
    if (direction < 0) return this.step(token, direction);
    const last = this.#lastOf(this.#indexOf(token));
    return token < last ? last : this.#lastOf(this.#indexOf(token + 1));
  }

  #lastOf(index) {
    return (this.#starts[index + 1] ?? this.#tokens.length) - 1;
  }

  #indexOf(token) {
    const behind = firstIndex(this.#starts.length, (index) => this.#starts[index] > token);
    return Math.max(0, behind - 1);
  }
}
