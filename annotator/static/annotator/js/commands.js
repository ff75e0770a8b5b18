// What each command of the keymap does; false hands the key back to the browser.

import { movingCommands } from "./moving.js";
import { spanCommands } from "./shaping.js";
import { suggestionCommands } from "./deciding.js";
import { travel } from "./travel.js";

export class Commands {
  #table;

  constructor({ desk, view, dialogs }) {
    const parts = { desk, view, dialogs, commands: this };
    this.#table = {
      ...movingCommands(parts),
      ...suggestionCommands(parts),
      ...spanCommands(parts),
      ...documentCommands(parts),
    };
  }

  get names() {
    return Object.keys(this.#table);
  }

  run(name) {
    return this.#table[name]() !== false;
  }
}

const documentCommands = ({ desk, dialogs }) => ({
  labelAll: () => dialogs.labelAll(),
  searchLabel: () => dialogs.searchLabel(),
  showKeymap: () => dialogs.showKeymap(),
  comment: () => dialogs.comment(),
  undo: () => travel(desk, "undo"),
  redo: () => travel(desk, "redo"),
  submit: () => desk.setState("submitted"),
  skip: () => desk.setState("skipped"),
  flag: () => desk.setState("flagged"),
  reopen: () => desk.setState("open"),
  escape: () => escape(desk),
});

function escape(desk) {
  if (desk.stickyLabel) return desk.setSticky(null);
  if (desk.cursor.range) return desk.move("clear");
  return document.activeElement?.blur();
}
