// Edits that the server has not confirmed yet, kept where a crash does not reach them.
// Every edit has an entry of its own, so that two tabs never write over each other,
// and an id of its own, so that sending it twice stores it once.

export class Journal {
  #storage;
  #prefix;
  #lasts;

  // Without a storage entries last as long as the page.
  constructor(storage, user, document) {
    this.#storage = storage ?? new MemoryStorage();
    this.#lasts = storage !== null;
    this.#prefix = `marginalia:edit:${user}:${document}:`;
  }

  // Entries in the order they were written.
  entries() {
    return this.#keys()
      .sort()
      .map((key) => this.#read(key))
      .filter((entry) => entry !== null);
  }

  // False where a crash would lose the entry: no room, or no storage at all.
  put(entry) {
    try {
      this.#storage.setItem(this.#key(entry), JSON.stringify(entry));
      return this.#lasts;
    } catch {
      return false;
    }
  }

  remove(entry) {
    this.#storage.removeItem(this.#key(entry));
  }

  // The other documents of this person with edits that wait, by id.
  otherDocuments() {
    const [marker, kind, user, document] = this.#prefix.split(":");
    const mine = `${marker}:${kind}:${user}:`;
    const ids = allKeys(this.#storage)
      .filter((key) => key.startsWith(mine))
      .map((key) => key.split(":")[3]);
    return [...new Set(ids)].filter((id) => id !== document);
  }

  #key(entry) {
    return `${this.#prefix}${String(entry.order).padStart(16, "0")}:${entry.edit_id}`;
  }

  #keys() {
    return allKeys(this.#storage).filter((key) => key.startsWith(this.#prefix));
  }

  #read(key) {
    try {
      return JSON.parse(this.#storage.getItem(key));
    } catch {
      this.#storage.removeItem(key);
      return null;
    }
  }
}

function allKeys(storage) {
  return Array.from({ length: storage.length }, (_, index) => storage.key(index));
}

// Storage that forgets, for browsers that forbid the real one.
export class MemoryStorage {
  #items = new Map();

  get length() {
    return this.#items.size;
  }

  key(index) {
    return [...this.#items.keys()][index] ?? null;
  }

  getItem(key) {
    return this.#items.get(key) ?? null;
  }

  setItem(key, value) {
    this.#items.set(key, String(value));
  }

  removeItem(key) {
    this.#items.delete(key);
  }
}
