// Why this document: the tokens that the model hesitates about, with its alternatives.

import { byId, clone, fill, shorten } from "./dom.js";

const SURE = 0.995; // reads as 1.00: no hesitation
const NEGLIGIBLE = 0.005; // reads as 0.00
const AROUND = 3; // characters on each side of a token of one, which says little alone

export function showWhy(desk) {
  const list = byId("why-list");
  if (!list) return;
  const doubtful = desk.model.uncertain.filter(
    ({ alternatives: [[, best]] }) => best < SURE,
  );
  byId("why").hidden = doubtful.length === 0;
  list.replaceChildren(...doubtful.map((token) => newRow(desk, token)));
}

const oneLine = (text) => text.replace(/\s+/gu, " ");

function newRow(desk, { start, end, alternatives }) {
  const row = clone("why-template");
  const { offsets } = desk.model;
  fill(row.surface, shorten(offsets.slice(start, end), 28));
  if (end - start === 1) {
    fill(row.before, oneLine(offsets.slice(Math.max(0, start - AROUND), start)));
    fill(row.after, oneLine(offsets.slice(end, end + AROUND)));
  }
  const shown = alternatives
    .filter(([, share]) => share >= NEGLIGIBLE)
    .map(([name, share]) => `${name} ${share.toFixed(2)}`);
  fill(row.alternatives, shown.join(" / "));
  row.element.firstElementChild.addEventListener("click", () =>
    desk.select({ start, end }, { isMarked: false, isScrolled: true }),
  );
  return row.element;
}
