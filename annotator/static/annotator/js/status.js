// What the page says: the state of saving, the state of the document, short sentences.

import { byId, fill } from "./dom.js";
import { speakSource } from "./sources.js";

const TOAST_TIME = 6000;

export class Status {
  #toastTimer = null;
  #save = byId("save-state");
  #announcer = byId("announcer");

  constructor({ desk, autosave }) {
    autosave.addEventListener("change", () => this.#showSaving(autosave));
    desk.addEventListener("content", () => this.#showState(desk));
    desk.addEventListener("state", () => this.#showState(desk));
    desk.addEventListener("say", ({ detail }) => this.say(detail.sentence, detail.tone));
    desk.addEventListener("cursor", () => this.#announce(desk));
    byId("toast-close").addEventListener("click", () => this.#hideToast());
    this.#showSaving(autosave);
    this.#showState(desk);
  }

  say(sentence, tone = "plain") {
    const toast = byId("toast");
    fill(byId("toast-text"), sentence);
    toast.dataset.tone = tone;
    toast.classList.add("is-shown");
    clearTimeout(this.#toastTimer);
    if (tone !== "danger") {
      this.#toastTimer = setTimeout(() => this.#hideToast(), TOAST_TIME);
    }
  }

  #hideToast() {
    byId("toast").classList.remove("is-shown");
    fill(byId("toast-text"), "");
  }

  #showSaving(autosave) {
    if (!this.#save) return;
    this.#save.dataset.phase = autosave.phase;
    fill(this.#save.querySelector("[data-slot=text]"), describe(autosave));
  }

  #showState({ model: { state }, stateNames }) {
    const badge = byId("document-state");
    badge.dataset.state = state;
    fill(badge, stateNames[state]);
    byId("reopen")?.toggleAttribute("hidden", state === "open");
  }

  // What the cursor stands on, for people who cannot see it.
  #announce({ cursor, model, target }) {
    if (!cursor.range) return fill(this.#announcer, "");
    const surface = model.offsets.slice(cursor.range.start, cursor.range.end);
    if (!target) return fill(this.#announcer, surface);
    const { item, kind } = target;
    const sentence =
      kind === "span"
        ? interpolate(gettext("%s, labelled %s"), [surface, item.label])
        : speakSource(surface, item);
    return fill(this.#announcer, sentence);
  }
}

function describe({ phase, unsaved, unkept }) {
  if (phase === "saved") return gettext("Saved");
  if (phase === "saving" && !unkept) return gettext("Saving…");
  const state = {
    saving: gettext("Saving…"),
    offline: gettext("Offline"),
    stopped: gettext("Not saved"),
  }[phase];
  const count = unkept
    ? ngettext("%s unsaved, only in this tab", "%s unsaved, only in this tab", unsaved)
    : ngettext("%s unsaved", "%s unsaved", unsaved);
  return `${state} · ${interpolate(count, [unsaved])}`;
}
