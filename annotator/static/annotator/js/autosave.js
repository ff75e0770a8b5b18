// Sends edits one by one, in order, until the server has each of them.

const FIRST_WAIT = 1000;
const LONGEST_WAIT = 30_000;

export class Autosave extends EventTarget {
  #send;
  #journal;
  #version;
  #queue = [];
  #unkept = new Set(); // entries that the journal had no room for
  #isSending = false;
  #timer = null;
  #failures = 0;
  #order = 0;
  #phase = "saved"; // saved, saving, offline, or stopped: waits for a person

  constructor({ send, journal, version }) {
    super();
    this.#send = send;
    this.#journal = journal;
    this.#version = version;
  }

  get unsaved() {
    return this.#queue.length;
  }

  // How many of the unsaved edits a crash of this page would lose.
  get unkept() {
    return this.#unkept.size;
  }

  get phase() {
    return this.#phase;
  }

  // The version the server will have when all waiting edits have arrived.
  get version() {
    return this.#version + this.#queue.length;
  }

  // Write an edit down and send it as soon as those before it have arrived.
  enqueue(edit) {
    this.#order = Math.max(this.#order + 1, Date.now());
    const entry = { ...edit, version: this.version, order: this.#order };
    this.#queue.push(entry);
    this.#unkept.add(entry);
    this.#keep();
    this.#pump();
  }

  // Go on with edits that an earlier page wrote down but could not send.
  resume(entries) {
    this.#queue.push(...entries);
    this.#pump();
  }

  // Try again now, after the network came back or a person logged in.
  retry() {
    if (this.#phase === "stopped" || this.#timer === null) return;
    this.#pump();
  }

  // Nobody could settle what the server answered: send the same edit again in a while.
  postpone() {
    if (this.#phase === "stopped") this.#waitAndRetry(null);
  }

  // Drop what is waiting and go on from a version of the server's.
  restart(version) {
    for (const entry of this.#queue) this.#journal.remove(entry);
    const dropped = this.#queue;
    this.#queue = [];
    this.#unkept.clear();
    this.#version = version;
    this.#failures = 0;
    this.#enter("saved");
    return dropped;
  }

  #keep() {
    for (const entry of this.#unkept) {
      if (this.#journal.put(entry)) this.#unkept.delete(entry);
    }
  }

  async #pump() {
    clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#isSending || this.#phase === "stopped") return;
    this.#isSending = true;
    while (this.#queue.length && this.#phase !== "stopped" && this.#timer === null) {
      if (this.#phase !== "offline") this.#enter("saving");
      await this.#sendFirst();
    }
    this.#isSending = false;
    if (!this.#queue.length && this.#phase !== "stopped") this.#enter("saved");
  }

  async #sendFirst() {
    const [entry] = this.#queue;
    const { order, ...edit } = entry;
    const reply = await this.#send({ ...edit, version: this.#version });
    if (this.#queue[0] !== entry) return; // restarted meanwhile
    if (reply.kind === "saved") {
      this.#queue.shift();
      this.#unkept.delete(entry);
      this.#journal.remove(entry);
      this.#keep(); // there may be room now
      this.#version = reply.version;
      this.#failures = 0;
      this.#enter("saving");
    } else if (["offline", "loggedOut"].includes(reply.kind)) {
      this.#waitAndRetry(reply);
    } else {
      this.#enter("stopped", reply);
    }
  }

  #waitAndRetry(reply) {
    const wait = Math.min(FIRST_WAIT * 2 ** this.#failures, LONGEST_WAIT);
    this.#failures += 1;
    this.#keep();
    this.#timer = setTimeout(() => this.#pump(), wait * (0.75 + Math.random() / 2));
    this.#enter("offline", reply);
  }

  #enter(phase, reply = null) {
    this.#phase = phase;
    this.dispatchEvent(new CustomEvent("change", { detail: { phase, reply } }));
  }
}
