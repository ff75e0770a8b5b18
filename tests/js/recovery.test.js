import assert from "node:assert/strict";
import test from "node:test";

import { Journal, MemoryStorage } from "../../annotator/static/annotator/js/journal.js";
import { Offsets } from "../../annotator/static/annotator/js/offsets.js";
import { choose, replay, sayMisfits } from "../../annotator/static/annotator/js/recovery.js";

const CONTENT = { spans: [], rejections: [] };
const theirs = { ...CONTENT, version: 2, state: "open" };

// A page that finds edits of an earlier one, all made on the same version.
function setUp({ version, stored = [], ids = ["a", "b"] }) {
  const journal = new Journal(new MemoryStorage(), 7, 42);
  ids.forEach((id, order) => journal.put({ edit_id: id, order, version: 1 + order }));
  const resumed = [];
  const applied = [];
  return {
    version,
    journal,
    resumed,
    applied,
    api: { revisions: async () => stored.map((id) => ({ edit_id: id })) },
    autosave: { resume: (entries) => resumed.push(...entries), restart() {} },
    model: {
      content: CONTENT,
      state: "open",
      fits: () => true,
      apply: (entry) => applied.push(entry),
    },
  };
}

const idsOf = (entries) => entries.map((entry) => entry.edit_id);

test("where the server did not move on, nobody has to choose and the edits are sent", async () => {
  const page = setUp({ version: 1 });
  assert.deepEqual(await replay(page), { disputed: [], misfits: [] });
  assert.deepEqual(idsOf(page.resumed), ["a", "b"]);
  assert.deepEqual(idsOf(page.journal.entries()), ["a", "b"]);
});

test("a submission that changes no span is replayed", async () => {
  const page = setUp({ version: 1, ids: [] });
  page.journal.put({ edit_id: "s", order: 0, version: 1, state: "submitted" });
  page.model.fits = ({ add, remove, reject, unreject }) =>
    [add, remove, reject, unreject].every((list) => list.length === 0);
  assert.deepEqual(await replay(page), { disputed: [], misfits: [] });
  assert.equal(page.model.state, "submitted");
  assert.deepEqual(idsOf(page.resumed), ["s"]);
});

test("what the server has already leaves the journal", async () => {
  const page = setUp({ version: 2, stored: ["a"] });
  assert.deepEqual(await replay(page), { disputed: [], misfits: [] });
  assert.deepEqual(idsOf(page.resumed), ["b"]);
  assert.deepEqual(idsOf(page.journal.entries()), ["b"]);
});

test("edits wait in the journal until a person has chosen", async () => {
  const page = setUp({ version: 2 });
  const { disputed } = await replay(page);
  assert.deepEqual(idsOf(disputed), ["a", "b"]);
  assert.deepEqual(idsOf(page.applied), ["a", "b"]);
  assert.deepEqual(page.resumed, []);
  assert.deepEqual(idsOf(page.journal.entries()), ["a", "b"]);
  const waiting = []; // what the journal has when the choice takes effect
  page.autosave.restart = () => waiting.push(...page.journal.entries());
  await choose({ ...page, desk: { model: page.model }, theirs, disputed });
  assert.deepEqual(idsOf(waiting), ["a", "b"]);
  assert.deepEqual(page.journal.entries(), []);
});

for (const version of [1, 2]) {
  test(`edits that do not fit version ${version} are handed back and not sent`, async () => {
    const page = setUp({ version, ids: ["a", "b", "c"] });
    page.model.fits = (entry) => entry.edit_id === "b";
    const { misfits } = await replay(page);
    assert.deepEqual(idsOf(misfits), ["a", "c"]);
    assert.deepEqual(idsOf(page.applied), ["b"]);
    assert.deepEqual(idsOf(page.resumed), version === 1 ? ["b"] : []);
    assert.deepEqual(idsOf(page.journal.entries()), ["a", "b", "c"]);
  });
}

const TEXT = "Karl met Ada in Basel, Bern, Kew, Ulm and Rome.";
const at = (surface, label) => {
  const start = TEXT.indexOf(surface);
  return { start, end: start + surface.length, label };
};

// What is said about edits that do not fit; the journal forgets them.
function say(misfits) {
  const said = [];
  globalThis.gettext = (text) => text;
  globalThis.ngettext = (one, many, count) => (count === 1 ? one : many);
  globalThis.interpolate = (text, values) =>
    values.reduce((sentence, value) => sentence.replace("%s", value), text);
  const journal = new Journal(new MemoryStorage(), 7, 42);
  misfits.forEach((entry) => journal.put(entry));
  const desk = { say: (...words) => said.push(words), model: { offsets: new Offsets(TEXT) } };
  sayMisfits({ desk, journal, misfits });
  assert.deepEqual(journal.entries(), []);
  return said;
}

test("edits that do not fit are named by label and text, and nothing where all fit", () => {
  const labelled = { edit_id: "a", order: 0, add: [at("Karl", "PER")] };
  const relabelled = { edit_id: "b", order: 1, add: [at("Ada", "ORG")], remove: [at("Ada", "PER")] };
  const deleted = { edit_id: "c", order: 2, remove: [at("Basel", "LOC")] };
  assert.deepEqual(say([]), []);
  assert.deepEqual(say([labelled]), [
    ["1 unsaved edit does not fit the document any more and was not made: PER “Karl”.", "danger"],
  ]);
  const [[sentence]] = say([labelled, relabelled, deleted]);
  assert.equal(
    sentence,
    "3 unsaved edits do not fit the document any more and were not made: " +
      "PER “Karl”, ORG “Ada”, without LOC “Basel”.",
  );
});

test("of a long list of what does not fit the first five are named", () => {
  const places = ["Karl", "Ada", "Basel", "Bern", "Kew", "Ulm", "Rome"];
  const [[sentence]] = say([{ edit_id: "a", order: 0, add: places.map((name) => at(name, "LOC")) }]);
  assert.match(sentence, /^1 unsaved edit .* LOC “Kew” and 2 more\.$/u);
});
