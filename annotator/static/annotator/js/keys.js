// The keys of one person: the keymap, but for commands that have a chord of their own.
// What was chosen stays when a later keymap has the same chord: it goes without. Pure.

import { KEYMAP } from "./keymap.js";

const FIXED = "Escape"; // the way out stays where everybody looks for it
const BROWSERS =
  /^(Ctrl\+(Shift\+)?[acfijlnoprtvwx]|(Ctrl|Alt)\+(Shift\+)?Tab|Alt\+(ArrowLeft|ArrowRight|Home|F4)|(Ctrl\+)?F\d+|Ctrl\+[\d+-]| )$/u;
const COMMANDS = new Set(Object.values(KEYMAP));

export class Keys {
  #own = {}; // command -> chord

  constructor(own = {}) {
    const holders = new Map(); // chord -> command: of two with the same chord the last one
    for (const [command, chord] of Object.entries(own)) {
      if (typeof chord === "string" && !refusalOf(command, chord)) holders.set(chord, command);
    }
    for (const [chord, command] of holders) this.#own[command] = chord;
  }

  // Its own chord comes before a standard one, whose command may have another by now.
  commandOf(chord) {
    const own = Object.keys(this.#own).find((command) => this.#own[command] === chord);
    if (own) return own;
    const standard = Object.hasOwn(KEYMAP, chord) ? KEYMAP[chord] : null;
    return Object.hasOwn(this.#own, standard) ? null : standard;
  }

  chordsOf(command) {
    if (Object.hasOwn(this.#own, command)) return [this.#own[command]];
    return Object.keys(KEYMAP).filter((chord) => this.commandOf(chord) === command);
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

  #refusal(command, chord, labels) {
    const refusal = refusalOf(command, chord);
    if (refusal) return refusal;
    const holder = this.commandOf(chord);
    if (holder && holder !== command) return { command: holder };
    const label = labels.find(({ shortcut }) => shortcut === chord);
    return label ? { label: label.name } : null;
  }
}

// What is against a chord whoever else has it.
function refusalOf(command, chord) {
  if (!COMMANDS.has(command) || command === KEYMAP[FIXED] || chord === FIXED) {
    return { fixed: true };
  }
  return BROWSERS.test(chord) ? { browser: true } : null;
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
