import assert from "node:assert/strict";
import test from "node:test";

import {
  KEYMAP,
  belongsToElement,
  chordOf,
  isComposing,
  isModifier,
} from "../../annotator/static/annotator/js/keymap.js";

const press = (key, more = {}) => ({ key, code: "", ...more });
// An element as far as the keymap looks at one.
const element = (tag, { within = "" } = {}) => ({
  matches: (selector) => selector.split(", ").includes(tag),
  closest: (selector) => (selector.split(", ").includes(within) ? {} : null),
});

test("a chord names its modifiers and its key", () => {
  assert.equal(chordOf(press("Z", { ctrlKey: true, shiftKey: true })), "Ctrl+Shift+z");
  assert.equal(chordOf(press("z", { metaKey: true })), "Ctrl+z");
  assert.equal(chordOf(press("ArrowLeft", { shiftKey: true })), "Shift+ArrowLeft");
  assert.equal(chordOf(press("*", { shiftKey: true })), "*");
  assert.equal(chordOf(press("S", {})), "s");
});

test("brackets are found behind Alt and behind AltGr", () => {
  const mac = press("“", { altKey: true, code: "BracketLeft" });
  assert.equal(chordOf(mac), "Alt+[");
  const shifted = press("”", { altKey: true, shiftKey: true, code: "BracketLeft" });
  assert.equal(chordOf(shifted), "Alt+{");
  const german = press("[", {
    altKey: true,
    ctrlKey: true,
    getModifierState: (name) => name === "AltGraph",
  });
  assert.equal(chordOf(german), "[");
});

test("a modifier alone ends no chord", () => {
  assert.equal(isModifier({ key: "Shift" }), true);
  assert.equal(isModifier({ key: "s" }), false);
});

test("an input method keeps its keys", () => {
  assert.equal(isComposing({ isComposing: true, keyCode: 65 }), true);
  assert.equal(isComposing({ isComposing: false, keyCode: 229 }), true);
  assert.equal(isComposing({ isComposing: false, keyCode: 65 }), false);
});

test("fields, forms and dialogs keep every key, buttons only their own", () => {
  for (const chord of Object.keys(KEYMAP)) {
    assert.equal(belongsToElement(element("input"), chord, false), true);
    assert.equal(belongsToElement(element("select"), chord, false), true);
    const inDialog = element("p", { within: "dialog[open]" });
    assert.equal(belongsToElement(inDialog, chord, false), true);
    const inForm = element("input[type=checkbox]", { within: "form" });
    assert.equal(belongsToElement(inForm, chord, false), true);
  }
  assert.equal(belongsToElement(element("button"), "Enter", false), true);
  assert.equal(belongsToElement(element("button"), "s", false), false);
  assert.equal(belongsToElement(element("div"), "Tab", true), false);
  assert.equal(belongsToElement(element("button"), "Ctrl+Enter", false), false);
  assert.equal(belongsToElement(element("body"), "Tab", true), false); // nobody has left
  assert.equal(belongsToElement(element("body"), "Tab", false), true);
  assert.equal(belongsToElement(null, "s", false), false);
});

test("sliders and checkboxes keep the keys that move them, no others", () => {
  const wanted = (name) =>
    [...Object.keys(KEYMAP), " ", "PageUp", "PageDown", "1"].filter((chord) =>
      belongsToElement(element(`input[type=${name}]`), chord, false),
    );
  const moving = /Arrow|Home|End|Page|Tab/u;
  assert.deepEqual(wanted("range").filter((chord) => !moving.test(chord)), []);
  assert.equal(wanted("range").length, 18);
  assert.deepEqual(wanted("checkbox"), ["Tab", "Shift+Tab", " "]);
});

test("every chord of the keymap is what its own key press gives", () => {
  const signs = { "{": "[", "}": "]" };
  for (const chord of Object.keys(KEYMAP)) {
    const parts = chord.split(/\+(?=.)/u);
    const key = parts.at(-1);
    const has = (name) => parts.slice(0, -1).includes(name);
    const isSign = key.length === 1 && !/\p{L}/u.test(key);
    const pressed = {
      key: has("Shift") && key.length === 1 ? key.toUpperCase() : key,
      code: "[{".includes(key) ? "BracketLeft" : "]}".includes(key) ? "BracketRight" : "",
      ctrlKey: has("Ctrl"),
      altKey: has("Alt"),
      shiftKey: has("Shift") || (isSign && ("|&*?".includes(key) || key in signs)),
    };
    assert.equal(chordOf(pressed), chord);
    if (pressed.ctrlKey) {
      assert.equal(chordOf({ ...pressed, ctrlKey: false, metaKey: true }), chord);
    }
    assert.equal(isComposing({ ...pressed, isComposing: true }), true);
  }
});
