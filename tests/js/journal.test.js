import assert from "node:assert/strict";
import test from "node:test";

import { Journal, MemoryStorage } from "../../annotator/static/annotator/js/journal.js";
import { randomFrom, seeded } from "./random.js";

const ids = (journal) => journal.entries().map((entry) => entry.edit_id);

test("entries come back in the order they were written, whatever the number of digits", () => {
  const journal = new Journal(new MemoryStorage(), 7, 42);
  for (const order of [100, 9, 1_790_000_000_000, 10]) {
    journal.put({ order, edit_id: `e${order}`, add: [{ start: 0, end: 1, label: "人名" }] });
  }
  assert.deepEqual(ids(journal), ["e9", "e10", "e100", "e1790000000000"]);
  assert.equal(journal.entries()[0].add[0].label, "人名");
});

test("a page that comes later finds what an earlier one wrote", () => {
  const storage = new MemoryStorage();
  new Journal(storage, 7, 42).put({ order: 1, edit_id: "a" });
  const later = new Journal(storage, 7, 42);
  assert.deepEqual(ids(later), ["a"]);
  later.remove({ order: 1, edit_id: "a" });
  assert.equal(storage.length, 0);
});

test("an id that begins like another one is another document", () => {
  const storage = new MemoryStorage();
  new Journal(storage, 7, 42).put({ order: 1, edit_id: "a" });
  new Journal(storage, 7, 4).put({ order: 1, edit_id: "b" });
  new Journal(storage, 70, 4).put({ order: 1, edit_id: "c" });
  assert.deepEqual(ids(new Journal(storage, 7, 4)), ["b"]);
  assert.deepEqual(new Journal(storage, 7, 4).otherDocuments(), ["42"]);
  assert.deepEqual(new Journal(storage, 8, 4).otherDocuments(), []);
});

test("an entry that cannot be read is dropped, the others stay", () => {
  const storage = new MemoryStorage();
  const journal = new Journal(storage, 7, 42);
  journal.put({ order: 1, edit_id: "a" });
  journal.put({ order: 2, edit_id: "b" });
  storage.setItem(storage.key(0), "{half an ent");
  assert.deepEqual(ids(journal), ["b"]);
  assert.equal(storage.length, 1);
});

test("what other programs keep in the storage is not touched", () => {
  const storage = new MemoryStorage();
  storage.setItem("marginalia-theme", "dark");
  storage.setItem("something:else:7:42:x", "y");
  const journal = new Journal(storage, 7, 42);
  assert.deepEqual(journal.entries(), []);
  assert.deepEqual(journal.otherDocuments(), []);
  assert.equal(storage.length, 2);
});

test("a storage without room says so and keeps what it has", () => {
  const storage = new MemoryStorage();
  const journal = new Journal(storage, 7, 42);
  journal.put({ order: 1, edit_id: "a" });
  storage.setItem = () => {
    throw new Error("QuotaExceededError");
  };
  assert.equal(journal.put({ order: 2, edit_id: "b" }), false);
  assert.deepEqual(ids(journal), ["a"]);
});

test("several journals in one storage hold exactly what was put and not removed", () => {
  const random = seeded(19);
  const storage = new MemoryStorage();
  const people = [1, 2, 11].flatMap((user) => [1, 12, 2].map((doc) => [user, doc]));
  const expected = new Map(people.map((pair) => [pair.join(), []]));
  for (let order = 1; order <= 800; order += 1) {
    const pair = randomFrom(people, random);
    const kept = expected.get(pair.join());
    const journal = new Journal(storage, ...pair);
    if (kept.length && random() < 0.45) {
      const [gone] = kept.splice(Math.floor(random() * kept.length), 1);
      journal.remove(gone);
    } else {
      const entry = { order: order * 7, edit_id: String(random()).slice(2) };
      kept.push(entry);
      journal.put(entry);
    }
  }
  for (const [user, doc] of people) {
    const journal = new Journal(storage, user, doc);
    assert.deepEqual(journal.entries(), expected.get(`${user},${doc}`));
    const others = people.filter(
      ([who, what]) => who === user && what !== doc && expected.get(`${who},${what}`).length,
    );
    assert.deepEqual(journal.otherDocuments().sort(), others.map(([, what]) => `${what}`).sort());
  }
});
