// The mouse, and a pen, which is as precise: a drag marks a range out, two clicks a token,
// three a sentence, and one stands on what is there.

import { applyLabel } from "./labelling.js";
import { isJoinedScript } from "./tokens.js";
import { pointAt, tokenAt } from "./geometry.js";

const STILL = 4; // pixels: a hand that clicks twice moves the mouse a little

export class Pointer {
  #view;
  #desk;
  #press = null; // where and how often the button went down in the text
  #latest = null;
  isOnScreen = false; // finger or pen: who has no keyboard at hand gets the labels at once

  constructor(view, desk) {
    this.#view = view;
    this.#desk = desk;
    document.addEventListener("pointerdown", ({ pointerType }) => {
      this.isOnScreen = pointerType !== "mouse";
    });
    view.root.addEventListener("mousedown", (event) => this.#begin(event));
    document.addEventListener("mouseup", (event) => {
      if (!this.#press) return;
      const press = this.#press;
      this.#press = null;
      // The browser moves its selection after this event.
      setTimeout(() => this.#finish(event, press), 0);
    });
    for (const name of ["pointercancel", "dragend"]) {
      document.addEventListener(name, () => (this.#press = null)); // no mouseup will come
    }
    document.addEventListener("copy", (event) => this.#copy(event));
  }

  // Take over what the browser has selected, as a drag of the mouse does; not where it
  // only shows the cursor, nor in the middle of a drag.
  markSelection() {
    if (this.#press) return;
    const selection = window.getSelection();
    if (!selection.rangeCount || selection.isCollapsed) return;
    const { start, end } = this.#rangeOf(selection);
    const { range } = this.#desk.cursor;
    if (start === range?.start && end === range.end) return;
    this.#mark(this.#snapped(start, end, false));
  }

  #begin({ button, clientX: x, clientY: y, detail: clicks }) {
    if (button === 0) this.#press = this.#latest = { x, y, clicks };
  }

  #finish(event, press) {
    const selection = window.getSelection();
    const isOver = press !== this.#latest; // the next click came first
    if (isOver) return;
    if (!selection.rangeCount) return this.clickAt(event); // a tap may set no caret
    const { start, end } = this.#rangeOf(selection);
    if (selection.isCollapsed || start === end) return this.#click(start, event);
    const isStill = Math.hypot(event.clientX - press.x, event.clientY - press.y) < STILL;
    const clicks = isStill ? press.clicks : 1;
    const marked =
      clicks === 1
        ? this.#snapped(start, end, event.altKey)
        : this.#around({ start, end }, clicks, event);
    this.#mark(marked);
  }

  #rangeOf(selection) {
    const range = selection.getRangeAt(0);
    return {
      start: this.#view.codePointAt(range.startContainer, range.startOffset),
      end: this.#view.codePointAt(range.endContainer, range.endOffset),
    };
  }

  #mark(marked) {
    if (!marked) return;
    window.getSelection().removeAllRanges();
    this.#desk.select(marked, { isMarked: true });
    if (this.#desk.stickyLabel) applyLabel(this.#desk, this.#desk.stickyLabel);
  }

  #snapped(start, end, byCharacter) {
    const { tokens, offsets } = this.#desk.model;
    return byCharacter ? offsets.wholeClusters(start, end) : tokens.snap(start, end);
  }

  // What several clicks mean: the token, or a word where tokens are single characters
  // of a script without spaces; from the third click on the sentence.
  #around(chosen, clicks, event) {
    const { tokens, sentences, offsets } = this.#desk.model;
    const token = this.#tokenUnder(event, chosen.start) ?? tokens.nearest(chosen.start);
    if (token < 0) return null;
    if (clicks > 2) return sentences.around(token);
    const range = tokens.range(token);
    const isJoined = isJoinedScript(offsets.slice(range.start, range.end));
    return isJoined ? tokens.snap(chosen.start, chosen.end) : range;
  }

  // Stand on what is at a place on the screen.
  clickAt(event) {
    const point = pointAt(this.#view, event.clientX, event.clientY);
    if (point !== null) this.#click(point, event);
  }

  #click(point, event) {
    const under = document.elementFromPoint(event.clientX, event.clientY);
    const mark = under?.closest("mark");
    if (mark && this.#view.root.contains(mark)) {
      return this.#choose(mark);
    }
    const token = this.#tokenUnder(event, point);
    if (token === null) return this.#desk.move("clear");
    if (this.isOnScreen) return this.#mark(this.#desk.model.tokens.range(token));
    return this.#desk.move("moveTo", token);
  }

  #tokenUnder(event, near) {
    return tokenAt({ view: this.#view, tokens: this.#desk.model.tokens, near }, event);
  }

  // Another click on what is chosen chooses what lies around it.
  #choose({ dataset }) {
    const range = { start: Number(dataset.start), end: Number(dataset.end) };
    const isOther = this.#desk.selectNext(range);
    if (!isOther) this.#desk.select(this.#desk.target.item, { isMarked: true });
  }

  // What is marked out here is not the browser's selection, so copying needs help.
  #copy(event) {
    const { range } = this.#desk.cursor;
    if (!range || !window.getSelection().isCollapsed) return;
    event.clipboardData.setData(
      "text/plain",
      this.#desk.model.offsets.slice(range.start, range.end),
    );
    event.preventDefault();
  }
}
