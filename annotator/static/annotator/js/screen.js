// Puts the views of one open document on the page and lets them follow the desk.

import { Commands } from "./commands.js";
import { Comments } from "./comments.js";
import { Handles } from "./handles.js";
import { KeyList } from "./keylist.js";
import { LabelAll } from "./labelall.js";
import { Palette } from "./palette.js";
import { Pointer } from "./pointer.js";
import { Popover } from "./popover.js";
import { Status } from "./status.js";
import { SuggestionList } from "./suggestionlist.js";
import { TextView } from "./textview.js";
import { Threshold } from "./threshold.js";
import { adoptLabelColors } from "./colors.js";
import { byId } from "./dom.js";
import { listenToKeys } from "./keyboard.js";
import { listenToTouch } from "./touch.js";
import { measureBar } from "./bar.js";
import { reveal } from "./geometry.js";
import { showCursor } from "./highlights.js";
import { showKeyHints } from "./keyhints.js";
import { showWhy } from "./why.js";
import { wireMenus } from "./menus.js";
import { wireReading } from "./reading.js";

export function show({ page, desk, api, preferences, comments }) {
  adoptLabelColors(desk.model.labels);
  wireMenus(page);
  const view = new TextView(byId("text"), desk.model);
  wireReading(view, preferences);
  view.draw();
  follow(desk, view);
  const dialogs = {};
  const commands = new Commands({ desk, view, dialogs });
  const labelAll = new LabelAll({ desk, view });
  const keyList = new KeyList({ desk, preferences });
  const remarks = new Comments({ desk, view, api, comments });
  new Status({ desk, autosave: desk.autosave });
  new Palette(desk);
  measureBar(page);
  new Threshold({ desk, commands, preferences });
  new SuggestionList(desk);
  showWhy(desk);
  const pointer = new Pointer(view, desk);
  const popover = desk.mayEdit ? new Popover({ desk, view, commands }) : null;
  if (desk.mayEdit) new Handles({ desk, view, pointer });
  if (desk.mayEdit) listenToTouch(view, pointer); // who only reads copies what is selected
  Object.assign(dialogs, {
    labelAll: () => labelAll.open(),
    showKeymap: () => keyList.open(),
    comment: () => remarks.write(),
    searchLabel: () => popover?.search() ?? false,
  });
  listenToKeys({ desk, view, commands });
  for (const button of page.querySelectorAll(".desk__bar [data-command]")) {
    button.addEventListener("click", () => commands.run(button.dataset.command));
  }
  page.classList.add("is-ready");
  // Unless the person was quicker and types elsewhere, as in the field for an id.
  if (document.activeElement === document.body) view.root.focus({ preventScroll: true });
}

// The text and the bar follow what happens on the desk.
function follow(desk, view) {
  desk.addEventListener("content", ({ detail }) => {
    view.redraw(detail.change);
    showCursor(view, desk.cursor.range);
    showHistory(desk);
  });
  desk.addEventListener("cursor", ({ detail }) => {
    const { range, focus } = desk.cursor;
    showCursor(view, range);
    if (detail.isScrolled && range) reveal(view, focus ?? range);
  });
  desk.addEventListener("history", () => showHistory(desk));
  desk.addEventListener("keys", () => showKeyHints(desk));
  showKeyHints(desk);
  showHistory(desk);
}

function showHistory({ history }) {
  byId("undo")?.toggleAttribute("disabled", !history.canUndo);
  byId("redo")?.toggleAttribute("disabled", !history.canRedo);
}
