import assert from "node:assert/strict";
import test from "node:test";
import { readFileSync } from "node:fs";

import { checked, contrast, inkOn, linesOf, mix } from "../../annotator/static/annotator/js/colors.js";

const projects = readFileSync(new URL("../../annotator/models/projects.py", import.meta.url), "utf8");
const OFFERED = projects.match(/^    "#[0-9a-f]{6}",$/gmu).map((line) => line.trim().slice(1, 8));
const PALETTE = [...OFFERED, "#ffffff", "#000000", "#ffff00", "#6b6b6b"];

test("contrast is WCAG's: 21 for black on white, 1 for a colour on itself", () => {
  assert.equal(Math.round(contrast("#000000", "#ffffff")), 21);
  assert.equal(contrast("#56b4e9", "#56b4e9"), 1);
});

test("every label can be read on its own tint, in light and in dark", () => {
  for (const color of PALETTE) {
    for (const [theme, paper] of [["light", "#ffffff"], ["dark", "#1c1f23"]]) {
      const ink = inkOn(color, theme);
      assert.ok(contrast(ink, paper) >= 4.5, `${color} on ${theme}`);
      assert.ok(contrast(ink, mix(paper, color, 0.22)) >= 4.5, `${color} on its tint`);
    }
  }
});

test("what is no colour becomes grey and never reaches a style sheet", () => {
  assert.equal(checked("red; } body { display: none"), "#6b6b6b");
  assert.equal(checked("#ABCDEF"), "#abcdef");
});

test("labels that share a colour have other underlines", () => {
  assert.equal(OFFERED.length, 12);
  assert.deepEqual(linesOf(["#000000", "#ffffff", "#000000", "#000000"]), [
    "2px solid",
    "2px solid",
    "4px double",
    "4px solid",
  ]);
});
