// Label colours that can be read: WCAG contrast on light and on dark paper. Pure.

const NEEDED = 4.6; // AA asks 4.5 of small text
const PAPERS = { light: "#ffffff", dark: "#1c1f23" };
const FALLBACK = "#6b6b6b";

const channels = (color) =>
  [1, 3, 5].map((place) => Number.parseInt(color.slice(place, place + 2), 16));

const toHex = (values) =>
  `#${values.map((value) => Math.round(value).toString(16).padStart(2, "0")).join("")}`;

export const checked = (color) =>
  /^#[0-9a-f]{6}$/iu.test(color) ? color.toLowerCase() : FALLBACK;

function luminance(color) {
  const [red, green, blue] = channels(color).map((value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

export function contrast(first, second) {
  const [low, high] = [luminance(first), luminance(second)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

export function mix(color, other, share) {
  const there = channels(other);
  return toHex(channels(color).map((value, i) => value + (there[i] - value) * share));
}

// The colour, moved towards black or white until text in it can be read on its own
// tint of the paper.
export function inkOn(color, theme) {
  const paper = mix(PAPERS[theme], color, 0.22);
  const end = theme === "light" ? "#000000" : "#ffffff";
  for (let share = 0; share < 1; share += 0.05) {
    const ink = mix(color, end, share);
    if (contrast(ink, paper) >= NEEDED) return ink;
  }
  return end;
}

// Underlines of the labels that share a colour, in their order; suggestions, which are
// dashed or dotted, show only the width.
const LINES = ["2px solid", "4px double", "4px solid"];

export function linesOf(colors) {
  const counts = new Map();
  return colors.map((color) => {
    const before = counts.get(color) ?? 0;
    counts.set(color, before + 1);
    return LINES[Math.min(before, LINES.length - 1)];
  });
}

// One class a label (label-0, label-1, …), through the CSSOM: the security policy
// allows no style in the markup.
export function adoptLabelColors(labels) {
  const sheet = new CSSStyleSheet();
  const colors = labels.map((label) => checked(label.color));
  const lines = linesOf(colors);
  colors.forEach((color, index) => {
    sheet.insertRule(
      `.label-${index} { --label: ${color}; --label-line: ${lines[index]}; ` +
        `--label-ink: light-dark(${inkOn(color, "light")}, ${inkOn(color, "dark")}); }`,
    );
  });
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
}
