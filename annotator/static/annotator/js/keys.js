// The keys of one person: the keymap, but for commands that have a chord of their own.
// Pure.

import { KEYMAP } from "./keymap.js";

const FIXED = "Escape"; // the way out stays where everybody looks for it
const BROWSERS =
  /^(Ctrl\+(Shift\+)?[acfijlnoprtvwx]|(Ctrl|Alt)\+(Shift\+)?Tab|Alt\+(ArrowLeft|ArrowRight|Home|F4)|(Ctrl\+)?F\d+|Ctrl\+[\d+-]| )$/u;
const COMMANDS = new Set(Object.values(KEYMAP));

export class Keys {
  #own = {}; // command -> chord

  constructor(own = {}) {
    this.#own = Object.fromEntries(
      Object.entries(own).filter(([, chord]) => typeof chord === "string"),
    );
    // One left out gives its standard keys back, which another may have taken.
    const isRefused = (command) => this.#refusal(command, this.#own[command], []);
    for (let found; (found = Object.keys(this.#own).find(isRefused)); ) {
      delete this.#own[found];
    }
  }

  commandOf(chord) {
    return this.#holderOf(chord, null);
  }

  chordsOf(command) {
    if (Object.hasOwn(this.#own, command)) return [this.#own[command]];
    return Object.keys(KEYMAP).filter((chord) => KEYMAP[chord] === command);
  }

  // Take a chord for a command, or say what is against it: null, or {command}, {label},
  // {browser} or {fixed}.
  change(command, chord, labels) {
    const refusal = this.#refusal(command, chord, labels);
    if (!refusal) this.#own[command] = chord;
    return refusal;
  }

  reset() {
    this.#own = {};
  }

  get isChanged() {
    return Object.keys(this.#own).length > 0;
  }

  toJSON() {
    return { ...this.#own };
  }

  // The command that has a chord; one of them may be left out of the search.
  #holderOf(chord, except) {
    const own = Object.keys(this.#own).filter((command) => this.#own[command] === chord);
    const standard = Object.hasOwn(KEYMAP, chord) ? [KEYMAP[chord]] : [];
    const holders = [...own, ...standard.filter((name) => !Object.hasOwn(this.#own, name))];
    return holders.find((command) => command !== except) ?? null;
  }

  #refusal(command, chord, labels) {
    if (!COMMANDS.has(command) || command === KEYMAP[FIXED] || chord === FIXED) {
      return { fixed: true };
    }
    if (BROWSERS.test(chord)) return { browser: true };
    const holder = this.#holderOf(chord, command);
    if (holder) return { command: holder };
    const label = labels.find(({ shortcut }) => shortcut === chord);
    return label ? { label: label.name } : null;
  }
}

// The command or the label that a chord stands for: {command} or {label}, or null.
export function meaningOf(chord, labels, keys) {
  const command = keys.commandOf(chord);
  if (command) return { command };
  const label = labels.find((candidate) => candidate.shortcut === chord);
  return label ? { label: label.name } : null;
}

// The shortcut of a label, unless a command has the key.
export const shortcutOf = ({ shortcut }, keys) =>
  keys.commandOf(shortcut) ? "" : shortcut;
