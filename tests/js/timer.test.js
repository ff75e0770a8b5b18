import assert from "node:assert/strict";
import test from "node:test";

import { Timer } from "../../annotator/static/annotator/js/timer.js";

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
