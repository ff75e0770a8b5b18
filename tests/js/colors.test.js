import assert from "node:assert/strict";
import test from "node:test";

import { checked, contrast, inkOn, mix } from "../../annotator/static/annotator/js/colors.js";

const PALETTE = ["#0072b2", "#d55e00", "#56b4e9", "#ffffff", "#000000", "#ffff00", "#6b6b6b"];

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
