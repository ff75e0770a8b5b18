// The keymap: one object literal, chord to command, and how an event is read as a chord.
// A person may choose other chords (keys.js); label shortcuts come on top. Pure.

export const KEYMAP = {
  ArrowRight: "tokenRight",
  ArrowLeft: "tokenLeft",
  ArrowDown: "lineDown",
  ArrowUp: "lineUp",
  "Ctrl+ArrowRight": "nextSentence",
  "Ctrl+ArrowLeft": "previousSentence",
  Home: "firstToken",
  End: "lastToken",
  "Shift+ArrowRight": "extendRight",
  "Shift+ArrowLeft": "extendLeft",
  "Shift+ArrowDown": "extendDown",
  "Shift+ArrowUp": "extendUp",
  "Ctrl+Shift+ArrowRight": "extendSentence",
  "Ctrl+Shift+ArrowLeft": "extendSentenceBack",
  Tab: "nextSuggestion",
  "Shift+Tab": "previousSuggestion",
  Enter: "accept",
  x: "reject",
  "Shift+Enter": "acceptAll",
  "Shift+x": "rejectAll",
  Delete: "remove",
  Backspace: "remove",
  "[": "startLeft",
  "{": "startRight",
  "]": "endRight",
  "}": "endLeft",
  "Alt+[": "startLeftByCharacter",
  "Alt+{": "startRightByCharacter",
  "Alt+]": "endRightByCharacter",
  "Alt+}": "endLeftByCharacter",
  "|": "split",
  "&": "merge",
  ".": "repeatLabel",
  "*": "labelAll",
  "/": "searchLabel",
  "+": "labelAgain",
  ">": "selectAround",
  ",": "comment",
  "Ctrl+z": "undo",
  "Ctrl+Shift+z": "redo",
  "Ctrl+y": "redo",
  "Ctrl+Enter": "submit",
  s: "skip",
  f: "flag",
  "?": "showKeymap",
  Escape: "escape",
};

const BRACKETS = { BracketLeft: ["[", "{"], BracketRight: ["]", "}"] };

// The chord of a key event: modifiers, then the key. Shift shows in the character of
// a sign, so it is named only with letters and with keys that have a name.
export function chordOf(event) {
  const isAltGraph = event.getModifierState?.("AltGraph") ?? false;
  let key = event.key;
  const isSign = "[]{}".includes(key);
  if (event.altKey && !isAltGraph && !isSign && event.code in BRACKETS) {
    key = BRACKETS[event.code][event.shiftKey ? 1 : 0];
  }
  const isLetter = /^\p{L}$/u.test(key);
  if (isLetter) key = key.toLowerCase();
  const parts = [];
  if ((event.ctrlKey || event.metaKey) && !isAltGraph) parts.push("Ctrl");
  if (event.altKey && !isAltGraph) parts.push("Alt");
  if (event.shiftKey && (isLetter || key.length > 1)) parts.push("Shift");
  return [...parts, key].join("+");
}

// Whether a key only goes with others, so that no chord has ended with it.
export const isModifier = ({ key }) =>
  ["Shift", "Control", "Alt", "Meta", "AltGraph", "CapsLock", "Dead", "Process"].includes(key);

// Whether an input method is composing: then every key is the method's own.
export const isComposing = (event) => event.isComposing || event.keyCode === 229;

const FIELDS = "input, textarea, select, [contenteditable=''], [contenteditable=true]";
const BUTTONS = "button, a[href], summary, [role=button], input[type=button], input[type=submit]";
const TEXT_CHORDS = ["Tab", "Shift+Tab", "Home", "End", "ArrowUp", "ArrowDown"];
// What takes no writing wants a few keys; a slider does, whatever they are pressed with.
const OWN_CHORDS = [
  [BUTTONS, /^(Enter| |(Shift\+)?Tab)$/u],
  ["input[type=checkbox]", /^( |(Shift\+)?Tab)$/u],
  ["input[type=range]", /(Arrow\w+|Home|End|PageUp|PageDown|Tab)$/u],
];

// Whether the focused element wants this key for itself; in a form all of them do.
export function belongsToElement(element, chord, isInText) {
  if (!element) return false;
  if (element.closest("dialog[open], form")) return true;
  for (const [selector, chords] of OWN_CHORDS) {
    if (element.matches(selector)) return chords.test(chord);
  }
  if (element.matches(FIELDS)) return true;
  return !isInText && TEXT_CHORDS.includes(chord);
}
