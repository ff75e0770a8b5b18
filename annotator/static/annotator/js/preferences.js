// How this person likes the desk: read with the document, kept on the server, so that
// it is the same in every browser.

const PATIENCE = 600; // milliseconds: a slider that is moved is one request

export class Preferences {
  #values;
  #project;
  #send;
  #changed = {};
  #timer = null;

  // send({keys, font_size, …}, {isLeaving}) stores what has changed.
  constructor(values, { project, send }) {
    this.#values = values;
    this.#project = project;
    this.#send = send;
  }

  read(name) {
    return this.#values[name];
  }

  // The threshold is the only one that belongs to a project.
  write(name, value) {
    if (name === "threshold") this.#changed.thresholds = { [this.#project]: value };
    else this.#changed[name] = value;
    this.#values[name] = value;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.flush(), PATIENCE);
  }

  // Send what waits: later than this the page may be gone.
  flush({ isLeaving = false } = {}) {
    clearTimeout(this.#timer);
    if (!Object.keys(this.#changed).length) return;
    const changed = this.#changed;
    this.#changed = {};
    this.#send(changed, { isLeaving });
  }
}
