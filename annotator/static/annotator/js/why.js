// Why this document: the tokens that the model hesitates about, with its alternatives.

import { byId, clone, fill, shorten } from "./dom.js";

const SURE = 0.995; // reads as 1.00: no hesitation
const NEGLIGIBLE = 0.005; // reads as 0.00

export function showWhy(desk) {
  const list = byId("why-list");
  if (!list) return;
  const doubtful = desk.model.uncertain.filter(
    ({ alternatives: [[, best]] }) => best < SURE,
  );
  byId("why").hidden = doubtful.length === 0;
  list.replaceChildren(...doubtful.map((token) => newRow(desk, token)));
}

function newRow(desk, { start, end, alternatives }) {
  const row = clone("why-template");
  fill(row.surface, shorten(desk.model.offsets.slice(start, end), 28));
  const shown = alternatives
    .filter(([, share]) => share >= NEGLIGIBLE)
    .map(([name, share]) => `${name} ${share.toFixed(2)}`);
  fill(row.alternatives, shown.join(" / "));
  row.element.firstElementChild.addEventListener("click", () =>
    desk.select({ start, end }, { isMarked: false, isScrolled: true }),
  );
  return row.element;
}
