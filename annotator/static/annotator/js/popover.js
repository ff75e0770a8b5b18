// A small window near what is marked: labels to give, a suggestion to decide on.

import { LabelPicker } from "./labelpicker.js";
import { LAST_ROW } from "./drawing.js";
import { byId, fill } from "./dom.js";
import { explainSource, longSource } from "./sources.js";
import { rowsOf } from "./spans.js";

const GAP = 10;
const TAG = 0.9; // letters below a mark: the room that its label takes
const ROW = 0.78; // and that each further row of underlines takes

export class Popover {
  #element = byId("popover");
  #desk;
  #view;
  #labels;

  constructor({ desk, view, commands }) {
    this.#desk = desk;
    this.#view = view;
    this.#labels = new LabelPicker({ desk, leave: () => this.#leave() });
    this.#element.addEventListener("mousedown", (event) => {
      if (event.target !== byId("popover-search")) event.preventDefault();
    });
    for (const button of this.#element.querySelectorAll("[data-command]")) {
      button.addEventListener("click", () => commands.run(button.dataset.command));
    }
    desk.addEventListener("cursor", () => this.#follow());
    desk.addEventListener("content", () => this.#follow());
    new ResizeObserver(() => this.#follow()).observe(view.root);
  }

  // Show the labels at the cursor and go to them.
  search() {
    if (!this.#desk.cursor.range || !this.#desk.mayEdit) return false;
    this.#show();
    this.#labels.focus();
    return true;
  }

  #follow() {
    const { cursor, mayEdit, stickyLabel } = this.#desk;
    const held = document.activeElement; // a layout takes the focus from what is hidden
    if (cursor.isRange && mayEdit && !stickyLabel) this.#show();
    else this.#element.hidden = true;
    if (this.#element.contains(held) && held.closest("[hidden]")) this.#toText();
  }

  #leave() {
    this.#element.hidden = true;
    this.#toText();
  }

  #toText() {
    this.#view.root.focus({ preventScroll: true });
  }

  #show() {
    const { target } = this.#desk;
    const kind = target?.kind ?? "range";
    this.#element.dataset.kind = kind;
    for (const part of this.#element.querySelectorAll("[data-for]")) {
      part.hidden = !part.dataset.for.split(" ").includes(kind);
    }
    if (kind === "suggestion") this.#showSource(target.item);
    this.#labels.offer(target?.item.label);
    this.#element.hidden = false;
    this.#place();
  }

  #showSource(item) {
    const source = byId("popover-confidence");
    fill(source, longSource(item));
    source.title = explainSource(item);
  }

  // Below the marked text, above it where there is no room, inside the column.
  #place() {
    const boxes = this.#view.rangeOf(this.#desk.cursor.range).getClientRects();
    const first = boxes[0];
    const last = boxes[boxes.length - 1];
    if (!first) return;
    const lastLine = [...boxes].filter((box) => box.bottom > last.top);
    const start = Math.min(...lastLine.map((box) => box.left));
    const home = this.#element.offsetParent.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = this.#element;
    const letter = Number.parseFloat(getComputedStyle(this.#view.root).fontSize);
    const below = last.bottom + (TAG + ROW * this.#lowestRow()) * letter;
    const isRoomBelow = below + height + GAP < window.innerHeight;
    const top = isRoomBelow ? below : first.top - GAP - height;
    const rightmost = Math.min(home.right, window.innerWidth) - width - GAP;
    const left = Math.max(home.left, Math.min(start, rightmost));
    this.#element.style.setProperty("top", `${top - home.top}px`);
    this.#element.style.setProperty("left", `${left - home.left}px`);
  }

  // Where spans overlap, underlines and labels hang in several rows below the text.
  #lowestRow() {
    const { model, cursor } = this.#desk;
    if (!model.mayOverlap) return 0;
    const reach = model.reachOf(cursor.range);
    const piece = this.#view.pieceAround(cursor.range.end - 1); // ranked as it is drawn
    const start = Math.max(reach.start, piece.start);
    const end = Math.min(reach.end, piece.end);
    const items = [...model.spansIn(start, end), ...model.proposals.openIn(start, end)];
    return Math.min(LAST_ROW, Math.max(0, ...rowsOf(items).values()));
  }
}
