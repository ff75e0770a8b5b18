// The comments beside the text, with the places they are about marked in it.

import { byId, clone, fill, shorten } from "./dom.js";
import { showCommented } from "./highlights.js";

export class CommentList {
  #desk;
  #view;
  #api;
  #comments;
  #list = byId("comment-list");

  constructor({ desk, view, api, comments }) {
    this.#desk = desk;
    this.#view = view;
    this.#api = api;
    this.#comments = comments;
    desk.addEventListener("content", () => this.#mark()); // parts were drawn anew
    this.#draw();
  }

  add(comment) {
    this.#comments.push(comment);
    this.#draw();
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
      this.#change(resolve, async () => {
        const change = { is_resolved: !isResolved };
        Object.assign(comment, await this.#api.changeComment(comment.id, change));
      }),
    );
    remove.hidden = !comment.is_mine;
    remove.addEventListener("click", () =>
      this.#change(remove, async () => {
        await this.#api.deleteComment(comment.id);
        this.#comments.splice(this.#comments.indexOf(comment), 1);
      }),
    );
  }

  // What cannot be stored is said.
  async #change(button, store) {
    const row = [...this.#list.children].indexOf(button.closest("li"));
    try {
      await store();
    } catch (error) {
      this.#desk.say(error.message, "danger");
      return;
    }
    const isHere = document.activeElement === button;
    this.#draw();
    if (isHere) this.#focusRow(row, button.dataset.slot);
  }

  // The button that was pressed is gone: the one in its place takes the keys, behind the
  // last comment the field for a new one.
  #focusRow(index, slot) {
    const row = this.#list.children[index];
    const button = row?.querySelector(`[data-slot=${slot}]:not([hidden])`);
    (button ?? row?.querySelector("[data-slot=resolve]") ?? byId("comment-text")).focus();
  }
}

const timeOf = (moment) =>
  new Intl.DateTimeFormat(document.documentElement.lang, {
    dateStyle: "medium",
    timeStyle: "short",
  }).format(new Date(moment));
