// Seconds of work: time between two signs of life counts, unless it is a long pause.

const PAUSE = 30_000;
const MOST = 3600; // seconds that the server counts for one edit

export class Timer {
  #now;
  #last;
  #worked = 0;

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

  // The seconds worked since the last time they were taken.
  take() {
    this.touch();
    const seconds = Math.min(Math.round(this.#worked / 100) / 10, MOST);
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
