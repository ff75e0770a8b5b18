// Seconds of work: time between two signs of life counts, unless it is a long pause.

import { byId, fill } from "./dom.js";

const PAUSE = 30_000;
const MOST = 3600; // seconds that the server counts for one edit

export class Timer {
  #now;
  #last;
  #worked = 0;
  #taken = 0;

  constructor(now = () => performance.now()) {
    this.#now = now;
    this.#last = now();
  }

  // Something happened: a key, a click, a movement.
  touch() {
    const now = this.#now();
    this.#worked += Math.min(now - this.#last, PAUSE);
    this.#last = now;
  }

  // The seconds worked on this page so far; they stop a pause after the last sign.
  get seconds() {
    const pending = Math.min(this.#now() - this.#last, PAUSE);
    return Math.floor((this.#taken + this.#worked + pending) / 1000);
  }

  // The seconds worked since the last time they were taken.
  take() {
    this.touch();
    const seconds = Math.min(Math.round(this.#worked / 100) / 10, MOST);
    this.#taken += this.#worked;
    this.#worked = 0;
    return seconds;
  }
}

// A timer that runs while there are signs of a person at work on the page.
export function startTimer() {
  const timer = new Timer();
  for (const sign of ["pointermove", "keydown", "wheel"]) {
    document.addEventListener(sign, () => timer.touch(), { passive: true });
  }
  return timer;
}

// Show the time on this document, with what was spent on it before.
export function showTimer(timer, before) {
  const show = () => fill(byId("spent"), readable(Math.floor(before) + timer.seconds));
  setInterval(show, 1000);
  show();
}

// 5:07, from an hour on 1:05:07.
export function readable(seconds) {
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const shown = parts[0] ? parts : parts.slice(1);
  return shown
    .map((part, index) => (index ? String(part).padStart(2, "0") : String(part)))
    .join(":");
}
