// What models, rules and files propose for one document, and what of it is open. Pure.

import { firstOverlap, inTextOrder, indexOfSame, outermost, within } from "./spans.js";

export class Proposals {
  all; // open or not, in the order of the text
  #isLayered; // whether some overlap each other
  #mayOverlap;
  #longest = 0; // of a layered list: how far back to look in it

  constructor(suggestions, mayOverlap) {
    this.all = [...suggestions].sort(inTextOrder);
    this.#mayOverlap = mayOverlap;
    this.#isLayered = firstOverlap(this.all) !== null;
    if (!this.#isLayered) return;
    for (const { start, end } of this.all) this.#longest = Math.max(this.#longest, end - start);
  }

  // Find out which are open. Of those that overlap each other, a project without layers
  // shows the longest; when that is rejected, the next one.
  update(isDecided) {
    this.undecided = this.all.filter((suggestion) => !isDecided(suggestion));
    const mustYield = this.#isLayered && !this.#mayOverlap;
    this.open = mustYield ? outermost(this.undecided)[0] : this.undecided;
  }

  openIn(start, end) {
    return within(this.open, start, end, this.#longest);
  }

  // The one of exactly this place and label, open or not.
  like(span) {
    return this.all[indexOfSame(this.all, span)] ?? null;
  }

  leastCertainFirst() {
    return [...this.open].sort(
      (a, b) => a.confidence - b.confidence || a.start - b.start,
    );
  }
}
