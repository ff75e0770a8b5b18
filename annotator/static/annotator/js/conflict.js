// Two versions of one annotation: both are shown, a person chooses, nothing is lost.

import { byId, clone, fill, shorten } from "./dom.js";
import { difference, isEmpty, toWire } from "./changes.js";
import { inTextOrder } from "./spans.js";

// Ask which version stays. The other one can still be brought back: the server keeps
// every revision, and undo restores what this page had.
export async function settle({ desk, autosave, theirs }) {
  const mine = desk.model.content;
  const change = difference(theirs, mine);
  const state = desk.model.state;
  if (isEmpty(change) && state === theirs.state) {
    autosave.restart(theirs.version);
    return;
  }
  const isMine = (await ask(desk, change, state, theirs.state)) === "mine";
  autosave.restart(theirs.version);
  if (isMine) {
    const edit = toWire(change, desk.model.offsets);
    desk.send(state === theirs.state ? edit : { ...edit, state });
    desk.say(gettext("Your version stays. The other one is in the history."));
  } else {
    desk.adopt(theirs, difference(mine, theirs));
    desk.say(gettext("The other version is here now. Undo brings yours back."));
  }
}

function ask(desk, change, state, theirState) {
  const dialog = byId("conflict");
  draw(byId("conflict-mine"), desk, change.add, change.reject, state);
  draw(byId("conflict-theirs"), desk, change.remove, change.unreject, theirState);
  dialog.returnValue = "";
  return new Promise((resolve) => {
    dialog.oncancel = (event) => event.preventDefault();
    dialog.onclose = () => {
      if (dialog.returnValue) resolve(dialog.returnValue);
      else dialog.showModal(); // browsers let a second Escape through
    };
    dialog.showModal();
  });
}

// What only this version has.
function draw(list, desk, spans, rejected, state) {
  const { model } = desk;
  const indexes = new Map(model.labels.map(({ name }, index) => [name, index]));
  const rows = [...spans].sort(inTextOrder).map((span) => {
    const row = clone("version-span-template");
    row.element.classList.add(`label-${indexes.get(span.label)}`);
    fill(row.label, span.label);
    fill(row.surface, shorten(model.offsets.slice(span.start, span.end), 40));
    return row.element;
  });
  if (rejected.length) {
    const sentence = ngettext(
      "%s suggestion rejected",
      "%s suggestions rejected",
      rejected.length,
    );
    rows.push(newLine(interpolate(sentence, [rejected.length])));
  }
  rows.push(newLine(interpolate(gettext("State: %s"), [desk.stateNames[state]])));
  list.replaceChildren(...rows);
}

function newLine(text) {
  const line = document.createElement("li");
  fill(line, text);
  return line;
}
