// The labels in the popover: to choose one by a click, or by the first letters of its name.

import { applyLabel } from "./labelling.js";
import { byId, clone, fill } from "./dom.js";
import { shortcutOf } from "./keys.js";

const MANY_LABELS = 9;

export class LabelPicker {
  #desk;
  #leave;
  #list = byId("popover-labels");
  #search = byId("popover-search");

  // leave() goes back to the text.
  constructor({ desk, leave }) {
    this.#desk = desk;
    this.#leave = leave;
    desk.model.labels.forEach((label, index) => this.#list.append(this.#newRow(label, index)));
    this.#search.hidden = desk.model.labels.length <= MANY_LABELS;
    this.#search.addEventListener("input", () => this.#filter());
    this.#search.addEventListener("keydown", (event) => this.#searchKey(event));
    desk.addEventListener("keys", () => this.#showKeys());
    this.#showKeys();
  }

  // Offer all labels; the one that is there already is pressed.
  offer(current) {
    for (const row of this.#list.children) {
      row.setAttribute("aria-pressed", String(row.dataset.label === current));
    }
    this.#search.value = "";
    this.#filter();
  }

  // To the search field, if there is one.
  focus() {
    if (!this.#search.hidden) this.#search.focus();
    else this.#list.querySelector("button")?.focus();
  }

  #showKeys() {
    this.#desk.model.labels.forEach((label, index) => {
      const key = this.#list.children[index].querySelector("kbd");
      fill(key, shortcutOf(label, this.#desk.keys));
      key.hidden = !key.textContent;
    });
  }

  #newRow(label, index) {
    const row = clone("popover-label-template");
    row.element.classList.add(`label-${index}`);
    row.element.dataset.label = label.name;
    fill(row.name, label.name);
    row.element.addEventListener("click", () => {
      applyLabel(this.#desk, label.name);
      this.#leave();
    });
    return row.element;
  }

  #filter() {
    const wanted = this.#search.value.trim().toLocaleLowerCase();
    for (const row of this.#list.children) {
      row.hidden = !row.dataset.label.toLocaleLowerCase().includes(wanted);
    }
  }

  #searchKey(event) {
    if (event.isComposing || event.keyCode === 229) return;
    if (!["Enter", "Escape"].includes(event.key)) return;
    event.preventDefault();
    const first = this.#list.querySelector("button:not([hidden])");
    if (event.key === "Enter" && !first) return;
    if (event.key === "Enter") first.click();
    else this.#leave();
  }
}
