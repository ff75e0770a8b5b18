// The field for what people write about the document or about a place in it.

import { CommentList } from "./commentlist.js";
import { byId, fill, shorten } from "./dom.js";

export class Comments {
  #desk;
  #view;
  #api;
  #list;
  #text = byId("comment-text");
  #place = null; // of the comment that is being written

  constructor({ desk, view, api, comments }) {
    this.#desk = desk;
    this.#view = view;
    this.#api = api;
    this.#list = new CommentList({ desk, view, api, comments });
    const form = byId("comment-form");
    form?.addEventListener("submit", (event) => this.#submit(event));
    form?.addEventListener("keydown", (event) => this.#formKey(event));
    desk.addEventListener("cursor", () => this.#follow());
    this.#follow();
  }

  // Go to the field, to write about what is marked out.
  write() {
    if (!this.#text) return false;
    byId("comments").open = true;
    this.#text.focus();
    return true;
  }

  #follow() {
    const about = byId("comment-about");
    if (!about) return;
    const { target, cursor, model } = this.#desk;
    this.#place = target?.item ?? cursor.range;
    about.hidden = this.#place === null;
    if (!this.#place) return;
    const surface = shorten(model.offsets.slice(this.#place.start, this.#place.end), 34);
    fill(byId("comment-surface"), interpolate(gettext("about “%s”"), [surface]));
  }

  // What cannot be stored is said, and stays in the field.
  async #submit(event) {
    event.preventDefault();
    const text = this.#text.value.trim();
    if (!text || this.#text.readOnly) return;
    const isAbout = this.#place && byId("comment-is-about").checked;
    const place = isAbout ? this.#wirePlace() : null;
    this.#text.readOnly = true; // what is typed meanwhile would be lost
    try {
      this.#list.add(await this.#api.addComment({ text, place }));
      this.#text.value = "";
      const isHere = byId("comment-form").contains(document.activeElement);
      if (isHere) this.#backToText(); // unless the person went on meanwhile
    } catch (error) {
      this.#desk.say(error.message, "danger");
    }
    this.#text.readOnly = false;
  }

  #wirePlace() {
    const { start, end } = this.#place;
    return { start, end, surface: this.#desk.model.offsets.slice(start, end) };
  }

  #formKey(event) {
    if (event.isComposing) return;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      byId("comment-form").requestSubmit();
    }
    if (event.key === "Escape") {
      event.preventDefault();
      this.#backToText();
    }
  }

  #backToText() {
    this.#view.root.focus({ preventScroll: true });
  }
}
