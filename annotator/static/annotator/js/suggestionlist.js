// Beside the text: the open suggestions, the least certain first.

import { byId, clone, fill, shorten } from "./dom.js";
import { explainSource, isRule, longSource } from "./sources.js";

const SHOWN = 60; // of the open suggestions; the rest follows as these are decided

export class SuggestionList {
  #desk;
  #labelIndex;
  #rows = new WeakMap(); // suggestion -> its row, built when it is first shown
  #list = byId("suggestion-list");

  constructor(desk) {
    this.#desk = desk;
    this.#labelIndex = new Map(desk.model.labels.map(({ name }, i) => [name, i]));
    if (!this.#list) return;
    desk.addEventListener("content", () => this.#draw());
    desk.addEventListener("cursor", () => this.#markCurrent());
    this.#draw();
  }

  #draw() {
    const order = this.#desk.model.proposals.leastCertainFirst();
    const rows = order.slice(0, SHOWN).map((item) => this.#rowOf(item));
    const held = document.activeElement;
    const isSame = rows.every((row, index) => row === this.#list.children[index]);
    if (!isSame || rows.length !== this.#list.children.length) {
      this.#list.replaceChildren(...rows);
    }
    fill(byId("suggestion-count"), String(order.length));
    byId("suggestions-none").hidden = order.length > 0;
    const more = byId("suggestions-more");
    more.hidden = order.length <= SHOWN;
    const left = order.length - SHOWN;
    fill(more, interpolate(ngettext("and %s more", "and %s more", left), [left]));
    this.#markCurrent();
    this.#keepFocus(held);
  }

  // The button that was pressed may be gone: the keys then go on in the text.
  #keepFocus(held) {
    if (!held?.closest(".side") && held?.isConnected) return;
    const isLost = document.activeElement !== held || held.disabled || held.closest("[hidden]");
    if (isLost) byId("text").focus({ preventScroll: true });
  }

  #rowOf(item) {
    if (!this.#rows.has(item)) this.#rows.set(item, this.#newRow(item));
    return this.#rows.get(item);
  }

  #newRow(item) {
    const { model } = this.#desk;
    const row = clone("suggestion-template");
    const surface = shorten(model.offsets.slice(item.start, item.end), 80);
    row.element.classList.add(`label-${this.#labelIndex.get(item.label)}`);
    fill(row.surface, surface);
    fill(row.label, item.label);
    row.element.classList.toggle("is-rule", isRule(item));
    fill(row.confidence, longSource(item));
    row.confidence.title = explainSource(item);
    row.go.title = surface; // where there is no room for all of it
    row.go.addEventListener("click", () =>
      this.#desk.select(item, { isMarked: false, isScrolled: true }),
    );
    this.#wire(row.accept, gettext("Accept %s"), surface, () => this.#desk.accept([item]));
    this.#wire(row.reject, gettext("Reject %s"), surface, () => this.#desk.reject([item]));
    return row.element;
  }

  #wire(button, name, surface, act) {
    if (!button) return;
    const sentence = interpolate(name, [surface]);
    button.setAttribute("aria-label", sentence);
    button.title = sentence;
    button.addEventListener("click", act);
  }

  #markCurrent() {
    const { target } = this.#desk;
    const current = target && this.#rows.get(target.item);
    for (const row of this.#list.children) {
      row.classList.toggle("is-current", row === current);
    }
  }
}
