// The labels over the text: colour, shortcut, how many spans; and the sticky mode.

import { byId, clone, fill } from "./dom.js";
import { applyLabel } from "./labelling.js";
import { shortcutOf } from "./keys.js";

export class Palette {
  #desk;
  #chips = new Map();
  #mode = byId("sticky-mode");

  constructor(desk) {
    this.#desk = desk;
    const host = byId("palette");
    desk.model.labels.forEach((label, index) => host.append(this.#newChip(label, index)));
    this.#mode?.addEventListener("click", () => this.#toggleMode());
    desk.addEventListener("content", () => this.refresh());
    desk.addEventListener("cursor", () => this.refresh());
    desk.addEventListener("mode", () => this.refresh());
    desk.addEventListener("keys", () => this.#showKeys());
    this.#showKeys();
    this.refresh();
  }

  refresh() {
    const { model, stickyLabel, target } = this.#desk;
    const counts = model.counts();
    for (const [name, chip] of this.#chips) {
      fill(chip.count, String(counts.get(name) ?? 0));
      const isHere = target?.kind === "span" && target.item.label === name;
      chip.element.setAttribute("aria-pressed", String(name === stickyLabel || isHere));
      chip.element.classList.toggle("is-sticky", name === stickyLabel);
    }
    this.#mode?.setAttribute("aria-pressed", String(stickyLabel !== null));
  }

  #newChip(label, index) {
    const chip = clone("label-chip-template");
    chip.element.classList.add(`label-${index}`);
    chip.element.dataset.label = label.name;
    chip.element.title = label.note;
    fill(chip.name, label.name);
    chip.element.disabled = !this.#desk.mayEdit;
    chip.element.addEventListener("mousedown", (event) => event.preventDefault());
    chip.element.addEventListener("click", () => this.#choose(label.name));
    this.#chips.set(label.name, chip);
    return chip.element;
  }

  #showKeys() {
    for (const label of this.#desk.model.labels) {
      const { key, element } = this.#chips.get(label.name);
      const shortcut = shortcutOf(label, this.#desk.keys);
      fill(key, shortcut);
      key.hidden = !shortcut;
      if (shortcut) element.setAttribute("aria-keyshortcuts", shortcut);
      else element.removeAttribute("aria-keyshortcuts");
    }
  }

  #choose(name) {
    const { stickyLabel, cursor } = this.#desk;
    if (cursor.range) applyLabel(this.#desk, name);
    if (stickyLabel === name && !cursor.range) this.#desk.setSticky(null);
    else if (stickyLabel || !cursor.range) this.#desk.setSticky(name);
  }

  #toggleMode() {
    const { stickyLabel, lastLabel, model } = this.#desk;
    const first = model.labels[0]?.name ?? null;
    this.#desk.setSticky(stickyLabel ? null : (lastLabel ?? first));
  }
}
