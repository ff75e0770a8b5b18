// Commands that move the cursor or mark a range out with it.

import { isRightToLeft, lineFrom } from "./geometry.js";

export const movingCommands = ({ desk, view }) => ({
  tokenRight: () => sideways(desk, view, "moveBy", 1),
  tokenLeft: () => sideways(desk, view, "moveBy", -1),
  extendRight: () => sideways(desk, view, "extendBy", 1),
  extendLeft: () => sideways(desk, view, "extendBy", -1),
  lineDown: () => vertically(desk, view, "moveTo", 1),
  lineUp: () => vertically(desk, view, "moveTo", -1),
  extendDown: () => vertically(desk, view, "extendTo", 1),
  extendUp: () => vertically(desk, view, "extendTo", -1),
  nextSentence: () => bySentence(desk, view, "step", 1),
  previousSentence: () => bySentence(desk, view, "step", -1),
  extendSentence: () => bySentence(desk, view, "reach", 1),
  extendSentenceBack: () => bySentence(desk, view, "reach", -1),
  firstToken: () => desk.move("moveTo", 0),
  lastToken: () => desk.move("moveTo", desk.model.tokens.length - 1),
});

// In a right-to-left line the next token stands to the left.
function sideways(desk, view, method, step) {
  desk.move(method, isMirrored(desk, view) ? -step : step);
}

// A step moves the cursor, a reach extends what is marked.
function bySentence(desk, view, way, step) {
  const { cursor, model } = desk;
  if (cursor.token === null) return desk.move("moveTo", 0);
  const direction = isMirrored(desk, view) ? -step : step;
  const token = model.sentences[way](cursor.token, direction);
  return desk.move(way === "step" ? "moveTo" : "extendTo", token);
}

function isMirrored({ cursor: { focus } }, view) {
  return focus !== null && isRightToLeft(view, focus);
}

function vertically(desk, view, method, direction) {
  const { cursor, model } = desk;
  if (!cursor.focus) return desk.move("moveTo", 0);
  const point = lineFrom(view, cursor.focus, direction);
  if (point === null) return false;
  return desk.move(method, model.tokens.nearest(point));
}
