// What people write about the document or about a place in it: beside the text, with
// the place marked in the text.

import { byId, clone, fill, shorten } from "./dom.js";
import { showCommented } from "./highlights.js";

export class Comments {
  #desk;
  #view;
  #api;
  #list = byId("comment-list");
  #text = byId("comment-text");
  #place = null; // of the comment that is being written
  #comments;

  constructor({ desk, view, api, comments }) {
    this.#desk = desk;
    this.#view = view;
    this.#api = api;
    this.#comments = comments;
    const form = byId("comment-form");
    form?.addEventListener("submit", (event) => this.#submit(event));
    form?.addEventListener("keydown", (event) => this.#formKey(event));
    desk.addEventListener("cursor", () => this.#follow());
    desk.addEventListener("content", () => this.#mark()); // parts were drawn anew
    this.#follow();
    this.#draw();
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

  async #submit(event) {
    event.preventDefault();
    const text = this.#text.value.trim();
    if (!text || this.#text.readOnly) return;
    const isAbout = this.#place && byId("comment-is-about").checked;
    const place = isAbout ? this.#wirePlace() : null;
    this.#text.readOnly = true; // what is typed meanwhile would be lost
    await this.#try(async () => {
      this.#comments.push(await this.#api.addComment({ text, place }));
      this.#text.value = "";
      this.#view.root.focus({ preventScroll: true });
    });
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
      this.#view.root.focus({ preventScroll: true });
    }
  }

  // What cannot be stored is said, and stays in the field.
  async #try(act) {
    try {
      await act();
      this.#draw();
    } catch (error) {
      this.#desk.say(error.message, "danger");
    }
  }

  #draw() {
    const open = this.#comments.filter(({ resolved_at: at }) => at === null);
    fill(byId("comment-count"), String(open.length));
    this.#list.replaceChildren(...this.#comments.map((comment) => this.#newRow(comment)));
    this.#mark();
  }

  #mark() {
    const isMarked = ({ start, resolved_at: at }) => start !== null && at === null;
    showCommented(this.#view, this.#comments.filter(isMarked));
  }

  #newRow(comment) {
    const row = clone("comment-template");
    const isResolved = comment.resolved_at !== null;
    row.element.classList.toggle("is-resolved", isResolved);
    fill(row.author, comment.author);
    fill(row.time, timeOf(comment.created_at));
    row.time.dateTime = comment.created_at;
    fill(row.text, comment.text);
    row.surface.hidden = comment.start === null;
    fill(row.surface, shorten(comment.surface, 40));
    row.surface.addEventListener("click", () =>
      this.#desk.select(comment, { isMarked: false, isScrolled: true }),
    );
    this.#wireButtons(row, comment, isResolved);
    return row.element;
  }

  #wireButtons({ resolve, remove }, comment, isResolved) {
    if (!resolve) return; // a viewer's
    fill(resolve, isResolved ? gettext("Open again") : gettext("Resolve"));
    resolve.addEventListener("click", () =>
      this.#try(async () => {
        const change = { is_resolved: !isResolved };
        Object.assign(comment, await this.#api.changeComment(comment.id, change));
      }),
    );
    remove.hidden = !comment.is_mine;
    remove.addEventListener("click", () =>
      this.#try(async () => {
        await this.#api.deleteComment(comment.id);
        this.#comments.splice(this.#comments.indexOf(comment), 1);
      }),
    );
  }
}

const timeOf = (moment) =>
  new Intl.DateTimeFormat(document.documentElement.lang, {
    dateStyle: "medium",
    timeStyle: "short",
  }).format(new Date(moment));
