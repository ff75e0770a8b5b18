import assert from "node:assert/strict";
import test from "node:test";

import { Journal, MemoryStorage } from "../../annotator/static/annotator/js/journal.js";
import { Autosave } from "../../annotator/static/annotator/js/autosave.js";
import { replyOf } from "../../annotator/static/annotator/js/api.js";

// A server that keeps versions as the real one does, and can be taken off the net.
class Server {
  version = 0;
  stored = [];
  mode = "on";

  send = async (edit) => {
    await Promise.resolve();
    if (this.mode === "off") return { kind: "offline" };
    const known = this.stored.some((other) => other.edit_id === edit.edit_id);
    if (!known && edit.version !== this.version) {
      return { kind: "conflict", theirs: { version: this.version } };
    }
    if (!known) {
      this.stored.push(edit);
      this.version += 1;
    }
    if (this.mode === "deaf") return { kind: "offline" }; // stored, the answer is lost
    return { kind: "saved", version: this.version };
  };
}

function setUp({ version = 0 } = {}) {
  const server = new Server();
  server.version = version;
  const journal = new Journal(new MemoryStorage(), 7, 42);
  const autosave = new Autosave({ send: server.send, journal, version });
  return { server, journal, autosave };
}

const settled = async (rounds = 30) => {
  for (let index = 0; index < rounds; index += 1) await Promise.resolve();
};
const ids = (server) => server.stored.map((edit) => edit.edit_id);

test("edits arrive in order, one by one, and leave the journal", async () => {
  const { server, journal, autosave } = setUp();
  const most = { flying: 0, seen: 0 };
  const { send } = server;
  const counting = new Autosave({
    journal,
    version: 0,
    send: async (edit) => {
      most.flying += 1;
      most.seen = Math.max(most.seen, most.flying);
      const reply = await send(edit);
      most.flying -= 1;
      return reply;
    },
  });
  for (const id of ["a", "b", "c"]) counting.enqueue({ edit_id: id });
  assert.equal(counting.unsaved, 3);
  assert.equal(counting.version, 3);
  await settled();
  assert.deepEqual(ids(server), ["a", "b", "c"]);
  assert.equal(most.seen, 1);
  assert.equal(counting.phase, "saved");
  assert.deepEqual(journal.entries(), []);
  assert.equal(autosave.unsaved, 0);
});

test("offline edits wait in the journal and go out in order when it is over", async () => {
  const { server, journal, autosave } = setUp();
  server.mode = "off";
  for (const id of ["a", "b"]) autosave.enqueue({ edit_id: id });
  await settled();
  assert.equal(autosave.phase, "offline");
  assert.deepEqual(journal.entries().map((entry) => entry.edit_id), ["a", "b"]);
  server.mode = "on";
  autosave.retry();
  await settled();
  assert.deepEqual(ids(server), ["a", "b"]);
  assert.equal(autosave.phase, "saved");
});

test("a lost answer stores the edit once", async () => {
  const { server, autosave } = setUp();
  server.mode = "deaf";
  autosave.enqueue({ edit_id: "a" });
  await settled();
  assert.equal(autosave.phase, "offline");
  server.mode = "on";
  autosave.retry();
  await settled();
  assert.deepEqual(ids(server), ["a"]);
  assert.equal(autosave.version, 1);
});

test("a conflict stops everything until somebody chooses", async () => {
  const { server, journal, autosave } = setUp();
  server.version = 5;
  const seen = [];
  autosave.addEventListener("change", ({ detail }) => seen.push(detail.phase));
  autosave.enqueue({ edit_id: "a" });
  autosave.enqueue({ edit_id: "b" });
  await settled();
  assert.equal(autosave.phase, "stopped");
  assert.equal(seen.filter((phase) => phase === "stopped").length, 1);
  autosave.retry();
  await settled();
  assert.deepEqual(ids(server), []);
  const dropped = autosave.restart(5);
  assert.deepEqual(dropped.map((edit) => edit.edit_id), ["a", "b"]);
  assert.deepEqual(journal.entries(), []);
  autosave.enqueue({ edit_id: "mine" });
  await settled();
  assert.deepEqual(ids(server), ["mine"]);
});

test("what nobody could settle is sent again, and all behind it follows", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const { server, journal } = setUp();
  const answers = [{ kind: "refused", detail: "No." }, null, null];
  const send = async (edit) => answers.shift() ?? server.send(edit);
  const autosave = new Autosave({ send, journal, version: 0 });
  for (const id of ["a", "b"]) autosave.enqueue({ edit_id: id });
  await settled();
  assert.equal(autosave.phase, "stopped");
  autosave.postpone();
  assert.equal(autosave.phase, "offline");
  context.mock.timers.tick(2000);
  await settled();
  assert.deepEqual(ids(server), ["a", "b"]);
  assert.equal(autosave.phase, "saved");
});

test("another page takes the journal up where a crash left it", async () => {
  const { server, journal, autosave } = setUp({ version: 3 });
  server.mode = "off";
  for (const id of ["a", "b"]) autosave.enqueue({ edit_id: id });
  await settled();
  server.mode = "on";
  const next = new Autosave({ send: server.send, journal, version: 3 });
  assert.deepEqual(journal.entries().map((entry) => entry.version), [3, 4]);
  next.resume(journal.entries());
  await settled();
  assert.deepEqual(ids(server), ["a", "b"]);
  assert.deepEqual(journal.entries(), []);
});

test("the journal knows its own document and names the others", () => {
  const storage = new MemoryStorage();
  new Journal(storage, 7, 1).put({ order: 1, edit_id: "x" });
  new Journal(storage, 7, 2).put({ order: 1, edit_id: "y" });
  new Journal(storage, 8, 3).put({ order: 1, edit_id: "z" });
  const journal = new Journal(storage, 7, 1);
  assert.deepEqual(journal.entries().map((entry) => entry.edit_id), ["x"]);
  assert.deepEqual(journal.otherDocuments(), ["2"]);
});

test("edits that a full storage has no room for are counted until they are safe", async () => {
  const storage = new MemoryStorage();
  const { setItem } = storage;
  storage.setItem = () => {
    throw new Error("QuotaExceededError");
  };
  const server = new Server();
  server.mode = "off";
  const journal = new Journal(storage, 7, 42);
  const autosave = new Autosave({ send: server.send, journal, version: 0 });
  for (const id of ["a", "b"]) autosave.enqueue({ edit_id: id });
  assert.equal(autosave.unkept, 2);
  await settled();
  storage.setItem = setItem;
  autosave.enqueue({ edit_id: "c" });
  assert.equal(autosave.unkept, 0);
  assert.deepEqual(journal.entries().map((entry) => entry.edit_id), ["a", "b", "c"]);
  server.mode = "on";
  autosave.retry();
  await settled();
  assert.deepEqual(ids(server), ["a", "b", "c"]);
  assert.deepEqual(journal.entries(), []);
});

test("an edit that is saved or dropped needs no journal any more", async () => {
  for (const [mode, end] of [["on", "saved"], ["off", "dropped"]]) {
    const server = new Server();
    server.mode = mode;
    const journal = new Journal(null, 7, 42); // a browser that forbids its storage
    const autosave = new Autosave({ send: server.send, journal, version: 0 });
    autosave.enqueue({ edit_id: "a" });
    assert.equal(autosave.unkept, 1);
    await settled();
    if (end === "dropped") autosave.restart(0);
    assert.equal(autosave.unkept, 0);
  }
});

test("what the server answers has one meaning each", () => {
  globalThis.gettext = (text) => text;
  globalThis.interpolate = (text, [value]) => text.replace("%s", value);
  const kinds = [200, 401, 403, 404, 409, 422, 429, 500, 503].map(
    (status) => replyOf(status, { version: 1 }).kind,
  );
  assert.deepEqual(kinds, [
    "saved",
    "loggedOut",
    "forbidden",
    "forbidden",
    "conflict",
    "refused",
    "offline",
    "offline",
    "offline",
  ]);
});

test("what is refused is said in a sentence, whatever the server says", () => {
  assert.equal(replyOf(422, { detail: "No label “ORG”." }).detail, "No label “ORG”.");
  const sentence = "The server answered with an error (422). Try again in a moment.";
  for (const body of [{}, { detail: [{ loc: ["body"], msg: "too long" }] }]) {
    assert.equal(replyOf(422, body).detail, sentence);
  }
});
