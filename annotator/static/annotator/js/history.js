// Undo and redo of changes; small enough to be kept across a reload.

import { invert } from "./changes.js";

const DEPTH = 500;

export class History {
  #done;
  #undone;

  constructor({ done = [], undone = [] } = {}) {
    this.#done = [...done];
    this.#undone = [...undone];
  }

  get canUndo() {
    return this.#done.length > 0;
  }

  get canRedo() {
    return this.#undone.length > 0;
  }

  record(change) {
    this.#done.push(change);
    this.#undone = [];
    if (this.#done.length > DEPTH) this.#done.shift();
  }

  // What undoes the newest change that still fits, or null. Those that do not fit any
  // more, because the server refused them, are forgotten.
  undo(fits) {
    return this.#move(this.#done, this.#undone, invert, fits);
  }

  redo(fits) {
    return this.#move(this.#undone, this.#done, (change) => change, fits);
  }

  // Forget what does not fit any more, as far as it stands in the way: canUndo and
  // canRedo promise what undo and redo can keep.
  forget(fits) {
    const forgetFrom = (list, direction) => {
      while (list.length && !fits(direction(list.at(-1)))) list.pop();
    };
    forgetFrom(this.#done, invert);
    forgetFrom(this.#undone, (change) => change);
  }

  toJSON() {
    return { done: this.#done, undone: this.#undone };
  }

  #move(from, to, direction, fits) {
    while (from.length) {
      const newest = from.pop();
      const change = direction(newest);
      if (!fits(change)) continue;
      to.push(newest);
      return change;
    }
    return null;
  }
}
