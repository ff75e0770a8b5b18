// Keys to commands. No key fires in a field, in a dialog or while an input method
// composes.

import { applyLabel } from "./labelling.js";
import { belongsToElement, chordOf, isComposing } from "./keymap.js";
import { meaningOf } from "./keys.js";

export function listenToKeys({ desk, view, commands }) {
  let hasLeft = false; // by Esc: until somebody comes back, Tab is the browser's
  view.root.addEventListener("focusin", () => {
    hasLeft = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || isComposing(event)) return;
    const chord = chordOf(event);
    const focused = document.activeElement;
    const isNowhere = focused === document.body; // as good as in the text
    const isInText = view.root.contains(focused) || (isNowhere && !hasLeft);
    if (document.querySelector("dialog[open]")) return;
    if (belongsToElement(focused, chord, isInText)) return;
    const meaning = meaningOf(chord, desk.model.labels, desk.keys);
    if (!meaning) return;
    const holdsNothing = !desk.stickyLabel && !desk.cursor.range;
    const isTaken = meaning.label
      ? applyLabel(desk, meaning.label) || true
      : commands.run(meaning.command);
    if (meaning.command === "escape") hasLeft ||= holdsNothing;
    if (isTaken) event.preventDefault();
  });
}
