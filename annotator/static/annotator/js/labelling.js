// Gives the marked range, the span or the suggestion under the cursor a label.

import * as edits from "./edits.js";
import { isSame } from "./spans.js";

// False where nothing could be labelled.
export function applyLabel(desk, name) {
  const { range } = desk.cursor;
  const { target } = desk;
  desk.lastLabel = name;
  if (!range) return desk.setSticky(name);
  const change = changeFor(desk.model, target, range, name);
  const replaced = target ? 0 : change.remove.length;
  if (!desk.perform(change)) return false;
  desk.select(range, { isMarked: false });
  if (replaced) {
    const sentence = ngettext(
      "%s span in the way was replaced. Undo brings it back.",
      "%s spans in the way were replaced. Undo brings them back.",
      replaced,
    );
    desk.say(interpolate(sentence, [replaced]));
  }
  return true;
}

// Under a label that a span of the same place has already, nothing is left to add.
function acceptAs(model, suggestion, name) {
  const { start, end } = suggestion;
  const isThere = model.spansIn(start, end).some((span) => isSame(span, { start, end, label: name }));
  return isThere ? edits.reject([suggestion]) : edits.accept([suggestion], name);
}

function changeFor(model, target, range, name) {
  if (target?.kind === "span") return edits.relabel(target.item, name);
  if (target) return acceptAs(model, target.item, name);
  return edits.label(model, range, name);
}
