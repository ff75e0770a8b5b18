import assert from "node:assert/strict";
import test from "node:test";

globalThis.gettext = (text) => text;

const { Commands } = await import("../../annotator/static/annotator/js/commands.js");
const { KEYMAP } = await import("../../annotator/static/annotator/js/keymap.js");
const { commandGroups, keysOf } = await import("../../annotator/static/annotator/js/keynames.js");

test("every key has a command, and every command in the list has a key and a name", () => {
  const commands = new Set(Object.values(KEYMAP));
  const { names } = new Commands({});
  assert.deepEqual([...commands].filter((command) => !names.includes(command)), []);
  const listed = commandGroups().flatMap(([, rows]) => rows.map(([command]) => command));
  assert.deepEqual([...listed].sort(), [...commands].sort());
});

test("a chord is shown as the keys one presses", () => {
  assert.deepEqual(keysOf("Ctrl+Shift+z"), ["Ctrl", "Shift", "Z"]);
  assert.deepEqual(keysOf("Ctrl++"), ["Ctrl", "+"]);
  assert.deepEqual(keysOf("+"), ["+"]);
  assert.deepEqual(keysOf("Shift+ArrowLeft"), ["Shift", "←"]);
});
