// The dialog that labels all occurrences of a text: it shows them before anything is
// done, in a list and marked in the text.

import * as edits from "./edits.js";
import { byId, clone, fill, shorten } from "./dom.js";
import { findOccurrences, MOST_AT_ONCE } from "./occurrences.js";
import { showFound } from "./highlights.js";

const CONTEXT = 28; // characters on either side of an occurrence
const SHOWN = 50;

export class LabelAll {
  #desk;
  #view;
  #surface = "";
  #found = [];
  #dialog = byId("label-all");

  constructor({ desk, view }) {
    this.#desk = desk;
    this.#view = view;
    if (!this.#dialog) return;
    const form = byId("label-all-form");
    form.addEventListener("submit", () => this.#labelFound());
    form.addEventListener("input", () => this.#preview());
    this.#dialog.addEventListener("close", () => showFound(view, []));
    const names = desk.model.labels.map(({ name }) => new Option(name, name));
    byId("label-all-label").replaceChildren(...names);
  }

  open() {
    const { target, cursor, lastLabel, model, mayEdit } = this.#desk;
    if (!mayEdit) return;
    if (!cursor.range) {
      this.#desk.say(gettext("Stand on a word or a span first, then press *."));
      return;
    }
    const { start, end } = target?.item ?? cursor.range;
    this.#surface = model.offsets.slice(start, end);
    byId("label-all-label").value = target?.item.label ?? lastLabel ?? model.labels[0]?.name;
    this.#preview();
    this.#dialog.showModal();
    byId("label-all-go").focus();
  }

  #preview() {
    const { model } = this.#desk;
    const { found, taken } = findOccurrences(this.#surface, model, {
      matchCase: byId("label-all-case").checked,
      wholeTokens: byId("label-all-whole").checked,
    });
    this.#found = found.slice(0, MOST_AT_ONCE);
    fill(byId("label-all-count"), describe(found.length, taken, this.#surface));
    byId("label-all-go").disabled = found.length === 0;
    const rows = this.#found.slice(0, SHOWN).map((range) => newContext(model.offsets, range));
    byId("label-all-list").replaceChildren(...rows);
    byId("label-all-list").hidden = rows.length === 0;
    byId("label-all-more").hidden = found.length <= SHOWN;
    showFound(this.#view, this.#found);
  }

  #labelFound() {
    const name = byId("label-all-label").value;
    if (!this.#desk.perform(edits.labelAll(this.#found, name))) return;
    this.#desk.lastLabel = name;
    const count = this.#found.length;
    const sentence = ngettext("%s span labelled.", "%s spans labelled.", count);
    this.#desk.say(interpolate(sentence, [count]));
  }
}

function describe(count, taken, surface) {
  const places = ngettext(
    "%s place reads “%s” and has no span yet.",
    "%s places read “%s” and have no span yet.",
    count,
  );
  const sentences = [interpolate(places, [count, shorten(surface)])];
  const skipped = ngettext(
    "%s more has a span already and stays as it is.",
    "%s more have a span already and stay as they are.",
    taken,
  );
  if (taken) sentences.push(interpolate(skipped, [taken]));
  if (count > MOST_AT_ONCE) {
    const limit = gettext("This labels the first %s; label all once more for the rest.");
    sentences.push(interpolate(limit, [MOST_AT_ONCE]));
  }
  return sentences.join(" ");
}

// An occurrence with the text around it.
function newContext(offsets, { start, end }) {
  const row = clone("context-template");
  const before = offsets.slice(Math.max(0, start - CONTEXT), start);
  const behind = offsets.slice(end, Math.min(offsets.length, end + CONTEXT));
  fill(row.before, before.replace(/\s+/gu, " "));
  fill(row.surface, shorten(offsets.slice(start, end)));
  fill(row.behind, behind.replace(/\s+/gu, " "));
  return row.element;
}
