// The keys that buttons show, after a person may have changed them.

import { fill } from "./dom.js";
import { keysOf } from "./keynames.js";

export function showKeyHints({ keys }) {
  for (const button of document.querySelectorAll("#desk [data-command]")) {
    const [chord] = keys.chordsOf(button.dataset.command);
    const shown = chord ? keysOf(chord) : [];
    const sign = button.querySelector("kbd");
    if (sign) fill(sign, shown.join(" "));
    if (sign) sign.hidden = !shown.length;
    const { hint } = button.dataset;
    if (hint) button.title = shown.length ? `${hint} (${shown.join("+")})` : hint;
  }
}
