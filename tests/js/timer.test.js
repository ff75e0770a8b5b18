import assert from "node:assert/strict";
import test from "node:test";

import { readable, Timer } from "../../annotator/static/annotator/js/timer.js";

test("work counts, a long pause counts for thirty seconds, taking starts anew", () => {
  let now = 0;
  const timer = new Timer(() => now);
  now = 4000;
  timer.touch();
  now = 4_000_000;
  assert.equal(timer.take(), 34);
  now += 1500;
  assert.equal(timer.take(), 1.5);
});

test("hours of reading before an edit count for as much as the server takes", () => {
  let now = 0;
  const timer = new Timer(() => now);
  for (now = 0; now < 9_000_000; now += 20_000) timer.touch();
  assert.equal(timer.take(), 3600);
});

test("the time that is shown goes on through edits and stops in a pause", () => {
  let now = 0;
  const timer = new Timer(() => now);
  now = 10_000;
  timer.take();
  now = 25_000;
  assert.equal(timer.seconds, 25);
  now = 4_000_000;
  assert.equal(timer.seconds, 40);
  timer.touch();
  now += 2000;
  assert.equal(timer.seconds, 42);
});

test("times are written as clocks write them", () => {
  assert.deepEqual([0, 67, 599, 3600, 36_125].map(readable), ["0:00", "1:07", "9:59", "1:00:00", "10:02:05"]);
});
