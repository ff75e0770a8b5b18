// How certain a suggestion must be to be accepted with the others; remembered for each
// project, since models differ.

import { byId, fill, percent } from "./dom.js";

export class Threshold {
  #desk;
  #slider = byId("threshold");
  #button = byId("accept-all");

  constructor({ desk, commands, preferences }) {
    if (!this.#slider) return;
    this.#desk = desk;
    const kept = preferences.read("threshold");
    if (kept !== null) this.#slider.value = Math.round(kept * 100);
    desk.setThreshold(Number(this.#slider.value) / 100);
    this.#slider.addEventListener("input", () => {
      desk.setThreshold(Number(this.#slider.value) / 100);
      preferences.write("threshold", desk.threshold);
    });
    this.#button.addEventListener("click", () => commands.run("acceptAll"));
    byId("reject-all").addEventListener("click", () => commands.run("rejectAll"));
    desk.addEventListener("content", () => this.#draw());
    desk.addEventListener("mode", () => this.#draw());
    this.#draw();
  }

  #draw() {
    const count = this.#desk.certainEnough().length;
    const sentence = ngettext("Accept %s at %s or more", "Accept %s at %s or more", count);
    fill(this.#button, interpolate(sentence, [count, percent(this.#desk.threshold)]));
    this.#button.disabled = count === 0;
    this.#slider.setAttribute("aria-valuetext", percent(this.#desk.threshold));
    byId("suggestion-tools").hidden = this.#desk.model.pending.length === 0;
  }
}
