import assert from "node:assert/strict";
import test from "node:test";

import { KEYMAP } from "../../annotator/static/annotator/js/keymap.js";
import { Keys, meaningOf, shortcutOf } from "../../annotator/static/annotator/js/keys.js";

const LABELS = [
  { name: "PER", shortcut: "1" },
  { name: "LOC", shortcut: "l" },
];

test("commands come first, then labels, then nothing", () => {
  const keys = new Keys();
  assert.deepEqual(meaningOf("s", LABELS, keys), { command: "skip" });
  assert.deepEqual(meaningOf("1", LABELS, keys), { label: "PER" });
  assert.equal(meaningOf("q", LABELS, keys), null);
  assert.equal(meaningOf("toString", LABELS, keys), null);
});

test("another key takes the place of all the standard ones", () => {
  const keys = new Keys();
  assert.equal(keys.change("remove", "d", LABELS), null);
  assert.deepEqual(keys.chordsOf("remove"), ["d"]);
  assert.equal(keys.commandOf("Delete"), null);
  assert.equal(keys.commandOf("d"), "remove");
  keys.reset();
  assert.deepEqual(keys.chordsOf("remove"), ["Delete", "Backspace"]);
});

test("a key that somebody has is refused, and nothing changes", () => {
  const keys = new Keys();
  assert.deepEqual(keys.change("reject", "s", LABELS), { command: "skip" });
  assert.deepEqual(keys.change("reject", "l", LABELS), { label: "LOC" });
  assert.deepEqual(keys.change("reject", "Ctrl+t", LABELS), { browser: true });
  assert.deepEqual(keys.change("reject", "Escape", LABELS), { fixed: true });
  assert.deepEqual(keys.change("escape", "q", LABELS), { fixed: true });
  assert.equal(keys.isChanged, false);
  assert.equal(keys.change("reject", "x", LABELS), null); // its own
});

test("two commands swap their keys by way of a third, and it is read again", () => {
  const keys = new Keys();
  for (const [command, chord] of [["skip", "q"], ["reject", "s"], ["skip", "x"]]) {
    assert.equal(keys.change(command, chord, LABELS), null);
  }
  const again = new Keys(JSON.parse(JSON.stringify(keys)));
  assert.deepEqual([again.commandOf("x"), again.commandOf("s")], ["skip", "reject"]);
  assert.equal(again.commandOf("q"), null);
});

test("what was stored and no longer fits is left out", () => {
  const stored = { reject: "s", gone: "q", accept: "f", skip: 7, flag: "w", undo: "w" };
  const keys = new Keys(stored);
  assert.deepEqual(keys.toJSON(), { undo: "w", reject: "s", accept: "f" });
});

test("an own key stays when a standard one comes to be the same, which then goes without", () => {
  const keys = new Keys({ accept: "+", skip: ">" });
  assert.equal(keys.commandOf("+"), "accept");
  assert.deepEqual(keys.chordsOf("labelAgain"), []);
  assert.deepEqual(keys.toJSON(), { accept: "+", skip: ">" });
  assert.equal(keys.change("accept", "+", LABELS), null); // its own
  assert.deepEqual(keys.change("labelAgain", "+", LABELS), { command: "accept" });
  assert.equal(keys.change("accept", "q", LABELS), null);
  assert.deepEqual(keys.chordsOf("labelAgain"), ["+"]);
});

test("whatever was chosen or refused, no chord has two meanings", () => {
  const commands = [...new Set(Object.values(KEYMAP))];
  const chords = [...Object.keys(KEYMAP), "q", "w", "Ctrl+b"];
  const keys = new Keys();
  let step = 7;
  for (let round = 0; round < 2000; round += 1) {
    step = (step * 75 + 74) % 65537;
    keys.change(commands[step % commands.length], chords[(step >> 3) % chords.length], LABELS);
  }
  assert.ok(keys.isChanged);
  const given = commands.flatMap((command) => keys.chordsOf(command));
  assert.equal(new Set(given).size, given.length);
  for (const command of commands) {
    for (const chord of keys.chordsOf(command)) assert.equal(keys.commandOf(chord), command);
  }
});

test("a label shows its key only where no command has it", () => {
  const keys = new Keys();
  assert.equal(shortcutOf({ shortcut: "x" }, keys), "");
  keys.change("reject", "q", []);
  assert.equal(shortcutOf({ shortcut: "x" }, keys), "x");
});
