// A small window near what is marked: labels to give, a suggestion to decide on.

import { applyLabel } from "./labelling.js";
import { byId, clone, fill } from "./dom.js";
import { explainSource, longSource } from "./sources.js";
import { shortcutOf } from "./keys.js";

const MANY_LABELS = 9;
const GAP = 10;
const TAG = 0.9; // letters below a mark: the room that its label takes

export class Popover {
  #element = byId("popover");
  #list = byId("popover-labels");
  #search = byId("popover-search");
  #desk;
  #view;

  constructor({ desk, view, commands }) {
    this.#desk = desk;
    this.#view = view;
    this.#element.addEventListener("mousedown", (event) => {
      if (event.target !== this.#search) event.preventDefault();
    });
    for (const button of this.#element.querySelectorAll("[data-command]")) {
      button.addEventListener("click", () => commands.run(button.dataset.command));
    }
    desk.model.labels.forEach((label, index) => this.#list.append(this.#newRow(label, index)));
    this.#search.hidden = desk.model.labels.length <= MANY_LABELS;
    this.#search.addEventListener("input", () => this.#filter());
    this.#search.addEventListener("keydown", (event) => this.#searchKey(event));
    desk.addEventListener("cursor", () => this.#follow());
    desk.addEventListener("content", () => this.#follow());
    desk.addEventListener("keys", () => this.#showKeys());
    new ResizeObserver(() => this.#follow()).observe(view.root);
    this.#showKeys();
  }

  // Show the labels at the cursor and go to the search field, if there is one.
  search() {
    if (!this.#desk.cursor.range || !this.#desk.mayEdit) return false;
    this.#show();
    if (!this.#search.hidden) this.#search.focus();
    else this.#list.querySelector("button")?.focus();
    return true;
  }

  #follow() {
    const { cursor, mayEdit, stickyLabel } = this.#desk;
    if (cursor.isRange && mayEdit && !stickyLabel) this.#show();
    else this.#element.hidden = true;
  }

  #show() {
    const { target } = this.#desk;
    const kind = target?.kind ?? "range";
    this.#element.dataset.kind = kind;
    for (const part of this.#element.querySelectorAll("[data-for]")) {
      part.hidden = !part.dataset.for.split(" ").includes(kind);
    }
    if (kind === "suggestion") this.#showSource(target.item);
    for (const row of this.#list.children) {
      const isCurrent = row.dataset.label === target?.item.label;
      row.setAttribute("aria-pressed", String(isCurrent));
    }
    this.#search.value = "";
    this.#filter();
    this.#element.hidden = false;
    this.#place();
  }

  #showSource(item) {
    const source = byId("popover-confidence");
    fill(source, longSource(item));
    source.title = explainSource(item);
  }

  // Below the marked text, above it where there is no room, inside the column.
  #place() {
    const boxes = this.#view.rangeOf(this.#desk.cursor.range).getClientRects();
    const first = boxes[0];
    const last = boxes[boxes.length - 1];
    if (!first) return;
    const lastLine = [...boxes].filter((box) => box.bottom > last.top);
    const start = Math.min(...lastLine.map((box) => box.left));
    const home = this.#element.offsetParent.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = this.#element;
    const letter = Number.parseFloat(getComputedStyle(this.#view.root).fontSize);
    const below = last.bottom + TAG * letter;
    const isRoomBelow = below + height + GAP < window.innerHeight;
    const top = isRoomBelow ? below : first.top - GAP - height;
    const rightmost = Math.min(home.right, window.innerWidth) - width - GAP;
    const left = Math.max(home.left, Math.min(start, rightmost));
    this.#element.style.setProperty("top", `${top - home.top}px`);
    this.#element.style.setProperty("left", `${left - home.left}px`);
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
    row.element.addEventListener("click", () => this.#choose(label.name));
    return row.element;
  }

  #choose(name) {
    applyLabel(this.#desk, name);
    this.#element.hidden = true;
    this.#view.root.focus({ preventScroll: true });
  }

  #filter() {
    const wanted = this.#search.value.trim().toLocaleLowerCase();
    for (const row of this.#list.children) {
      row.hidden = !row.dataset.label.toLocaleLowerCase().includes(wanted);
    }
  }

  #searchKey(event) {
    if (event.isComposing || event.keyCode === 229) return;
    const first = this.#list.querySelector("button:not([hidden])");
    if (event.key === "Enter" && first) first.click();
    if (event.key === "Escape") this.#element.hidden = true;
    if (["Enter", "Escape"].includes(event.key)) {
      event.preventDefault();
      this.#view.root.focus({ preventScroll: true });
    }
  }
}
