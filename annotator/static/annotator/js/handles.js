// Two handles at the ends of what the cursor stands on: dragging one moves that
// boundary, by tokens or with Alt by characters. The keys [ and ] do the same.

import { afterwards, byId } from "./dom.js";
import { dragBoundary, reshape } from "./boundaries.js";
import { isRightToLeft, pointAt } from "./geometry.js";
import { showCursor } from "./highlights.js";

const STILL = 3; // pixels: a press that moves less is a click on the text below

export class Handles {
  #desk;
  #view;
  #pointer;
  #handles = { start: byId("handle-start"), end: byId("handle-end") };
  #drag = null; // what is dragged: its target, edge, place under the mouse, change

  constructor({ desk, view, pointer }) {
    this.#desk = desk;
    this.#view = view;
    this.#pointer = pointer;
    for (const [edge, handle] of Object.entries(this.#handles)) {
      handle.addEventListener("pointerdown", (event) => this.#begin(event, edge));
    }
    document.addEventListener("pointermove", (event) => this.#move(event));
    document.addEventListener("pointerup", (event) => this.#end(event));
    document.addEventListener("pointercancel", () => this.#cancel());
    const follow = afterwards(() => this.#follow());
    desk.addEventListener("cursor", follow);
    desk.addEventListener("content", follow);
    new ResizeObserver(follow).observe(view.root);
  }

  #begin(event, edge) {
    const { target } = this.#desk;
    if (event.button !== 0 || !target) return;
    event.preventDefault();
    const box = this.#handles[edge].getBoundingClientRect();
    const { clientX: x, clientY: y } = event;
    const grip = {
      x: (this.#handles[edge].dataset.side === "left" ? box.right : box.left) - x,
      y: (box.top + box.bottom) / 2 - y,
    };
    this.#drag = { target, edge, grip, x, y, isMoving: false, change: null };
    this.#view.root.parentElement.classList.add("is-dragging");
    byId("popover").hidden = true;
  }

  #move({ clientX, clientY, altKey }) {
    if (!this.#drag) return;
    const { target, edge, grip, x, y } = this.#drag;
    this.#drag.isMoving ||= Math.hypot(clientX - x, clientY - y) > STILL;
    if (!this.#drag.isMoving) return;
    const point = pointAt(this.#view, clientX + grip.x, clientY + grip.y);
    if (point === null) return;
    const { model } = this.#desk;
    const way = { edge, point, byCharacter: altKey };
    const range = dragBoundary(model, target.item, way);
    const change = reshape(model, target, range);
    const isBack = range[edge] === target.item[edge];
    if (!change && !isBack) return; // something is in the way
    this.#drag.change = change;
    showCursor(this.#view, range);
    this.#place(range);
  }

  #end(event) {
    if (!this.#drag) return;
    const { target, change, isMoving } = this.#drag;
    if (!isMoving) this.#pointer.clickAt(event); // while the handles let it through
    this.#leave();
    if (!isMoving) return this.#follow();
    const isMoved = change && this.#desk.perform(change);
    return this.#desk.select(isMoved ? change.add[0] : target.item, { isMarked: false });
  }

  #cancel() {
    if (!this.#drag) return;
    const { item } = this.#drag.target;
    this.#leave();
    this.#desk.select(item, { isMarked: false });
  }

  #leave() {
    this.#drag = null;
    this.#view.root.parentElement.classList.remove("is-dragging");
  }

  #follow() {
    if (this.#drag) return;
    const { target } = this.#desk;
    for (const handle of Object.values(this.#handles)) handle.hidden = !target;
    if (target) this.#place(target.item);
  }

  // At the outer edges of the first and the last character.
  #place(range) {
    const boxes = [...this.#view.rangeOf(range).getClientRects()];
    if (!boxes.length) return;
    const isMirrored = isRightToLeft(this.#view, range);
    const sheet = this.#handles.start.offsetParent;
    const home = sheet.getBoundingClientRect();
    const put = (handle, box, side) => {
      handle.dataset.side = side; // the handle lies outside: a drag inside marks text
      handle.style.setProperty("left", `${box[side] - home.left - sheet.clientLeft}px`);
      handle.style.setProperty("top", `${box.top - home.top - sheet.clientTop}px`);
      handle.style.setProperty("height", `${box.height}px`);
    };
    put(this.#handles.start, boxes[0], isMirrored ? "right" : "left");
    put(this.#handles.end, boxes.at(-1), isMirrored ? "left" : "right");
  }
}
