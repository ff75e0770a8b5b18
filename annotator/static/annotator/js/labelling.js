// Gives the marked range, the span or the suggestion under the cursor a label.

import * as edits from "./edits.js";
import { isEmpty, makeChange } from "./changes.js";
import { shorten } from "./dom.js";

// False where nothing could be labelled.
export function applyLabel(desk, name) {
  const { range } = desk.cursor;
  const { target } = desk;
  desk.lastLabel = name;
  if (!range) return desk.setSticky(name);
  const change = changeFor(desk.model, target, range, name);
  if (isEmpty(change)) return sayItIsThere(desk, target?.item ?? range, name);
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

// What a label that the same place has already leaves to do: nothing, or to reject the
// suggestion of another one.
function changeFor(model, target, range, name) {
  if (!target) return edits.label(model, range, name);
  const { kind, item } = target;
  const isThere = model.has({ start: item.start, end: item.end, label: name });
  if (kind === "span") return isThere ? makeChange({}) : edits.relabel(item, name);
  return isThere ? edits.reject([item]) : edits.accept([item], name);
}

function sayItIsThere(desk, { start, end }, name) {
  const surface = shorten(desk.model.offsets.slice(start, end), 30);
  desk.say(interpolate(gettext("“%s” is marked as %s already."), [surface, name]));
  return false;
}
