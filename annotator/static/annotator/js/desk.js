// The desk: one open document and everything a person may do to it. The views listen
// to its events: content (something was edited), cursor, mode, state, history, keys, say.

import * as edits from "./edits.js";
import { isEmpty, toWire } from "./changes.js";
import { Cursor } from "./cursor.js";
import { newEditId } from "./api.js";

const isAt = (item, range) => item.start === range.start && item.end === range.end;

export class Desk extends EventTarget {
  lastLabel = null;
  stickyLabel = null; // the label that each marked range gets at once
  threshold = 0.9;
  #timer;
  #chosen = null; // the item that was asked for, where several are in one place

  constructor({ model, autosave, history, timer, keys, mayEdit, stateNames }) {
    super();
    Object.assign(this, { model, autosave, history, keys, mayEdit, stateNames });
    this.cursor = new Cursor(model.tokens);
    this.#timer = timer;
  }

  // The span or suggestion that a command is about, or null. A range that was marked out
  // afresh is about what has this very place, or where spans may overlap about nothing:
  // there its label is one more.
  get target() {
    const { range, isRange } = this.cursor;
    const items = range ? this.model.itemsAt(range) : [];
    const chosen = items.find(({ item }) => item === this.#chosen);
    const found = chosen ?? items[0] ?? null;
    if (chosen || !found || !isRange) return found;
    return !this.model.mayOverlap && isAt(found.item, range) ? found : null;
  }

  // Choose the innermost item of a range or, where that is chosen already, the next one
  // around it. False where there is no other.
  selectNext(range) {
    const items = this.model.itemsAt(range).map(({ item }) => item);
    const here = this.target?.item;
    const next = items[items.indexOf(here) + 1] ?? items[0];
    if (!next || next === here) return false;
    this.select(next, { isMarked: true });
    return true;
  }

  // Make a change, remember it and send it. False when there is nothing to change.
  perform(change, { isRecorded = true } = {}) {
    if (!change || isEmpty(change) || !this.#maySay()) return false;
    if (!this.model.fits(change)) {
      this.say(gettext("That does not fit the spans that are there now."), "warn");
      return false;
    }
    const made = this.model.apply(change);
    if (isRecorded) this.history.record(made);
    this.send(toWire(made, this.model.offsets));
    this.#emit("content", { change: made });
    return true;
  }

  send(body) {
    const seconds = this.#timer.take();
    this.autosave.enqueue({ edit_id: newEditId(), ...body, seconds });
  }

  setState(state) {
    if (!this.#maySay()) return;
    this.model.state = state;
    if (state !== "open") this.#emit("done", {});
    this.send({ state });
    this.#emit("state", {});
  }

  accept(suggestions) {
    return this.perform(edits.accept(suggestions));
  }

  reject(suggestions) {
    return this.perform(edits.reject(suggestions));
  }

  // The open suggestions at or above the threshold.
  certainEnough() {
    return this.model.pending.filter(
      ({ confidence }) => confidence >= this.threshold - 1e-9,
    );
  }

  select(range, { isMarked, isScrolled = false } = { isMarked: false }) {
    this.#chosen = range;
    this.cursor.select(range, { isMarked });
    this.#emit("cursor", { isScrolled });
  }

  // Move the cursor by one of its own methods: moveBy, extendTo, clear, …
  move(method, ...values) {
    this.#chosen = null;
    this.cursor[method](...values);
    this.#emit("cursor", { isScrolled: true });
  }

  setSticky(name) {
    this.stickyLabel = name;
    if (name) this.lastLabel = name;
    this.#emit("mode", {});
    return true;
  }

  setThreshold(value) {
    this.threshold = value;
    this.#emit("mode", {});
  }

  // A person has chosen other keys.
  keysChanged() {
    this.#emit("keys", {});
  }

  // Take over what the server has; undo brings the person's own version back.
  adopt(annotation, change) {
    this.model.replace(annotation);
    if (change && !isEmpty(change)) this.history.record(change);
    this.#emit("content", { change: null });
  }

  // Forget what cannot be undone or redone any more, after the server refused something.
  tidyHistory() {
    this.history.forget((change) => this.model.fits(change));
    this.#emit("history", {});
  }

  say(sentence, tone = "plain") {
    this.#emit("say", { sentence, tone });
  }

  #maySay() {
    if (!this.mayEdit) this.say(gettext("You can read this document, not edit it."));
    return this.mayEdit;
  }

  #emit(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
