import assert from "node:assert/strict";
import test from "node:test";

import { History } from "../../annotator/static/annotator/js/history.js";
import { makeChange } from "../../annotator/static/annotator/js/changes.js";
import { seeded } from "./random.js";

const span = (start) => ({ start, end: start + 1, label: "PER" });
const adding = (start) => makeChange({ add: [span(start)] });
const always = () => true;

test("undo gives inverses, the newest first; redo gives the changes back", () => {
  const history = new History();
  history.record(adding(1));
  history.record(adding(2));
  assert.deepEqual(history.undo(always).remove, [span(2)]);
  assert.deepEqual(history.undo(always).remove, [span(1)]);
  assert.equal(history.undo(always), null);
  assert.deepEqual(history.redo(always).add, [span(1)]);
  assert.equal(history.canRedo, true);
});

test("a new change ends the chance to redo", () => {
  const history = new History();
  history.record(adding(1));
  history.undo(always);
  history.record(adding(2));
  assert.equal(history.canRedo, false);
});

test("a change that no longer fits is forgotten, and the one before it undone", () => {
  const history = new History();
  for (const start of [1, 2]) history.record(adding(start));
  const isFirst = ({ remove }) => remove[0].start === 1;
  assert.deepEqual(history.undo(isFirst).remove, [span(1)]);
  assert.equal(history.canUndo, false);
  assert.deepEqual(history.redo(always).add, [span(1)]);
  assert.equal(history.redo(always), null);
});

test("what no longer fits promises nothing", () => {
  const history = new History();
  for (const start of [1, 2, 3]) history.record(adding(start));
  history.undo(always);
  history.forget(({ add, remove }) => [...add, ...remove][0].start === 1);
  assert.equal(history.canRedo, false);
  assert.equal(history.canUndo, true);
  history.forget(() => false);
  assert.equal(history.canUndo, false);
});

test("a history survives being written down", () => {
  const history = new History();
  history.record(adding(1));
  history.record(adding(2));
  history.undo(always);
  const copy = new History(JSON.parse(JSON.stringify(history)));
  assert.deepEqual(copy.redo(always).add, [span(2)]);
  copy.undo(always);
  assert.deepEqual(copy.undo(always).remove, [span(1)]);
});

test("only the newest 500 changes are kept", () => {
  const history = new History();
  for (let index = 0; index < 600; index += 1) history.record(adding(index));
  let undone = 0;
  while (history.undo(always)) undone += 1;
  assert.equal(undone, 500);
});

test("any walk of edits, undos and redos gives the state a list of states gives", () => {
  const random = seeded(23);
  for (let round = 0; round < 60; round += 1) {
    const history = new History();
    let state = new Set();
    const play = (change) => {
      for (const { start } of change.remove) state.delete(start);
      for (const { start } of change.add) state.add(start);
    };
    const states = [new Set()];
    let here = 0;
    for (let step = 1; step < 60; step += 1) {
      const dice = random();
      const [undone, redone] = [dice < 0.3 && history.undo(always), dice > 0.8 && history.redo(always)];
      if (undone) here -= 1;
      else if (redone) here += 1;
      else if (dice >= 0.3 && dice <= 0.8) {
        states.splice(here + 1, states.length, new Set([...state, step]));
        here += 1;
        history.record(adding(step));
        play(adding(step));
      }
      if (undone || redone) play(undone || redone);
      assert.deepEqual(state, states[here]);
      assert.equal(history.canUndo, here > 0);
      assert.equal(history.canRedo, here < states.length - 1);
      if (random() < 0.1) state = new Set(state);
    }
  }
});
