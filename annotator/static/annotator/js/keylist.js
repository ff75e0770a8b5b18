// The list of keys, where each can be changed: choose a key, press another one.

import { byId, clone, fill } from "./dom.js";
import { chordOf, isComposing, isModifier } from "./keymap.js";
import { commandGroups, keysOf } from "./keynames.js";
import { shortcutOf } from "./keys.js";

export class KeyList {
  #desk;
  #preferences;
  #waiting = null; // the command that waits for its new key
  #dialog = byId("keymap");
  #list = byId("keymap-list");

  constructor({ desk, preferences }) {
    this.#desk = desk;
    this.#preferences = preferences;
    byId("keymap-reset").addEventListener("click", () => this.#reset());
    this.#list.addEventListener("click", (event) => this.#choose(event));
    this.#dialog.addEventListener("keydown", (event) => this.#press(event), true);
    this.#dialog.addEventListener("cancel", (event) => {
      if (this.#waiting) event.preventDefault();
    });
    this.#dialog.addEventListener("close", () => this.#wait(null));
  }

  open() {
    this.#draw();
    this.#dialog.showModal();
  }

  #choose({ target }) {
    const button = target.closest("button[data-change]");
    if (button) this.#wait(button.dataset.change);
  }

  #wait(command) {
    this.#waiting = command;
    fill(byId("keymap-problem"), "");
    this.#draw();
  }

  #press(event) {
    if (!this.#waiting || isComposing(event) || isModifier(event)) return;
    event.preventDefault();
    event.stopPropagation();
    const command = this.#waiting;
    const chord = chordOf(event);
    this.#wait(null);
    if (chord === "Escape") return;
    const { keys, model } = this.#desk;
    const refusal = keys.change(command, chord, model.labels);
    if (refusal) fill(byId("keymap-problem"), explain(refusal, chord));
    else this.#keep();
  }

  #reset() {
    this.#desk.keys.reset();
    this.#keep();
  }

  #keep() {
    this.#preferences.write("keys", this.#desk.keys.toJSON());
    this.#desk.keysChanged();
    this.#draw();
  }

  #draw() {
    const held = document.activeElement?.dataset.change;
    const sections = commandGroups().map(([title, commands]) => {
      const group = clone("key-group-template");
      fill(group.title, title);
      const rows = commands.map(([command, name]) => this.#newRow(command, name));
      const isLabels = commands.some(([command]) => command === "repeatLabel");
      group.rows.append(...(isLabels ? this.#labelRows() : []), ...rows);
      return group.element;
    });
    this.#list.replaceChildren(...sections);
    byId("keymap-reset").hidden = !this.#desk.keys.isChanged;
    if (held) this.#list.querySelector(`[data-change="${held}"]`)?.focus();
  }

  #newRow(command, name) {
    const row = clone("key-row-template");
    const chords = this.#desk.keys.chordsOf(command); // none where another command took it
    row.keys.dataset.change = command;
    fill(row.name, name);
    const isWaiting = command === this.#waiting;
    row.keys.classList.toggle("is-waiting", isWaiting);
    if (isWaiting) fill(row.keys, gettext("Press a key…"));
    else row.keys.append(...(chords.length ? joined(chords.map(newKeys), ", ") : ["–"]));
    row.keys.disabled = command === "escape";
    const said = chords.map((chord) => keysOf(chord).join(" ")).join(", ");
    row.keys.setAttribute("aria-label", said ? `${said}: ${name}` : name);
    return row.element;
  }

  #labelRows() {
    const { model, keys } = this.#desk;
    const withKey = model.labels.filter((label) => shortcutOf(label, keys));
    return withKey.map((label) => {
      const row = clone("key-label-template");
      fill(row.key, label.shortcut);
      fill(row.name, label.name);
      return row.element;
    });
  }
}

function newKeys(chord) {
  const signs = keysOf(chord).map((key) => {
    const sign = document.createElement("kbd");
    fill(sign, key);
    return [sign];
  });
  return joined(signs, " ");
}

// Lists of nodes as one, with a text between them.
const joined = (lists, text) =>
  lists.flatMap((nodes, index) => (index ? [text, ...nodes] : nodes));

function explain(refusal, chord) {
  const key = keysOf(chord).join(" ");
  if (refusal.command) {
    const names = new Map(commandGroups().flatMap(([, commands]) => commands));
    const values = { key, name: names.get(refusal.command) };
    return interpolate(gettext("%(key)s is taken by “%(name)s”. Choose another key, or change that one first."), values, true);
  }
  if (refusal.label) {
    const values = { key, name: refusal.label };
    return interpolate(gettext("%(key)s gives the label “%(name)s”. Choose another key."), values, true);
  }
  if (refusal.browser) {
    return interpolate(gettext("%s belongs to the browser. Choose another key."), [key]);
  }
  return gettext("The key Esc always lets go and cannot be changed.");
}
