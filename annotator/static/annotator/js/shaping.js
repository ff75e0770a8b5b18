// Commands that change the span under the cursor: its boundaries, its label, its end.

import * as edits from "./edits.js";
import { applyLabel } from "./labelling.js";
import { moveBoundary } from "./boundaries.js";

export const spanCommands = ({ desk, commands }) => ({
  startLeft: () => move(desk, "start", -1),
  startRight: () => move(desk, "start", 1),
  endRight: () => move(desk, "end", 1),
  endLeft: () => move(desk, "end", -1),
  startLeftByCharacter: () => move(desk, "start", -1, true),
  startRightByCharacter: () => move(desk, "start", 1, true),
  endRightByCharacter: () => move(desk, "end", 1, true),
  endLeftByCharacter: () => move(desk, "end", -1, true),
  repeatLabel: () => repeatLabel(desk),
  split: () => split(desk),
  merge: () => merge(desk),
  remove: () => remove(desk, commands),
  labelAgain: () => labelAgain(desk),
  selectAround: () => selectAround(desk),
});

function move(desk, edge, direction, byCharacter = false) {
  const { model, target } = desk;
  if (!target) return false;
  const way = { edge, direction, byCharacter };
  const change = moveBoundary(model, target, way);
  if (!change) return desk.say(gettext("The boundary cannot move there."));
  return performAndSelect(desk, change);
}

function split(desk) {
  const { model, target, cursor } = desk;
  if (target?.kind !== "span") return false;
  const change = edits.split(model, target.item, cursor.focus.start);
  if (change) return performAndSelect(desk, change);
  return desk.say(gettext("Stand on a later token of the span: it is split before it."));
}

function merge(desk) {
  const { model, target } = desk;
  if (target?.kind !== "span") return false;
  const change = edits.merge(model, target.item);
  if (change) return performAndSelect(desk, change);
  return desk.say(gettext("No span follows that this one could be merged with."));
}

function remove(desk, commands) {
  const { target } = desk;
  if (target?.kind === "suggestion") return commands.run("reject");
  if (!target) return false;
  return desk.perform(edits.remove(desk.model, target.item));
}

function repeatLabel(desk) {
  const { lastLabel, cursor } = desk;
  if (lastLabel && cursor.range) return applyLabel(desk, lastLabel);
  return desk.say(gettext("Label something first, then repeat it."));
}

// Mark the place of the span out afresh: the label that follows is one more.
function labelAgain(desk) {
  const { target, cursor, model } = desk;
  const place = target?.item ?? cursor.range;
  if (!place) return false;
  if (model.mayOverlap) return desk.select({ ...place }, { isMarked: true });
  return desk.say(gettext("In this project a place has one label: another one replaces it."));
}

function selectAround(desk) {
  const { range } = desk.cursor;
  if (!range) return false;
  return desk.selectNext(range) || desk.say(gettext("No other span lies around this place."));
}

// The cursor stays with what came out of the change.
function performAndSelect(desk, change) {
  if (!desk.perform(change)) return true;
  return desk.select(change.add.at(-1), { isMarked: false, isScrolled: true });
}
