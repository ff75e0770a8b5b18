// Places on the screen: what lies above or below a range, and where to scroll.

const LINES_TRIED = 4; // an empty line has no character to land on
const SLACK = 1; // pixels
const BELOW = 64; // pixels that stay free at the lower edge of the window

// The code point one line above or below a range, or null where the text ends. The line
// is brought on the screen first: nothing can be found under the bar.
export function lineFrom(view, range, direction) {
  reveal(view, range);
  const height = Number.parseFloat(getComputedStyle(view.root).lineHeight);
  const boxOf = () => view.rangeOf(range).getClientRects()[0];
  for (let step = 1; boxOf() && step < LINES_TRIED; step += 1) {
    const down = direction * step * height;
    const { top, bottom } = boxOf();
    scrollToBox(view, { top: top + down, bottom: bottom + down });
    const box = boxOf();
    const y = (box.top + box.bottom) / 2 + down;
    const point = pointAt(view, (box.left + box.right) / 2, y);
    if (point !== null) return point;
  }
  return null;
}

// The code point nearest to a place on the screen, or null where there is no text.
export function pointAt(view, x, y) {
  const place = placeAt(x, y);
  const isText = place !== null && view.root.contains(place.node);
  return isText ? view.codePointAt(place.node, place.offset) : null;
}

function placeAt(x, y) {
  if (document.caretPositionFromPoint) {
    const place = document.caretPositionFromPoint(x, y);
    return place && { node: place.offsetNode, offset: place.offset };
  }
  const range = document.caretRangeFromPoint?.(x, y);
  return range ? { node: range.startContainer, offset: range.startOffset } : null;
}

// The token at a place on the screen, or null. The caret goes to the nearer edge of a
// character, and where directions meet it may go far away from the mouse: so those near
// it are looked for first, then all that are drawn with it.
export function tokenAt({ view, tokens, near }, { clientX: x, clientY: y }) {
  const isUnder = (index) => {
    const boxes = view.rangeOf(tokens.range(index)).getClientRects();
    return [...boxes].some(
      ({ left, right, top, bottom }) =>
        left - SLACK <= x && x <= right + SLACK && top <= y && y <= bottom,
    );
  };
  const nearest = tokens.nearest(near);
  const nearby = [nearest, nearest - 1].filter((index) => index >= 0);
  const { start, end } = view.pieceAround(near);
  return [...nearby, ...tokensBetween(tokens, start, end)].find(isUnder) ?? null;
}

function tokensBetween(tokens, start, end) {
  const first = tokens.from(start);
  return Array.from({ length: tokens.until(end) - first + 1 }, (_, i) => first + i);
}

// Bring a range on the screen by the least scrolling; what can be seen stays in its place.
export function reveal(view, range) {
  const host = view.hostOf(range);
  const { top, bottom } = host.getBoundingClientRect();
  // A block off the screen may not be laid out yet: it is brought in as a whole first.
  if (bottom < 0 || top > window.innerHeight) host.scrollIntoView({ block: "nearest" });
  scrollToBox(view, view.rangeOf(range).getBoundingClientRect());
}

// Between the bar and the lower edge of the window.
function scrollToBox(view, box) {
  const above = box.top - (Number.parseFloat(getComputedStyle(view.root).scrollMarginTop) || 0);
  const below = box.bottom - (window.innerHeight - BELOW);
  if (above < 0) window.scrollBy({ top: above });
  else if (below > 0) window.scrollBy({ top: Math.min(above, below) });
}

export function isRightToLeft(view, range) {
  return getComputedStyle(view.hostOf(range)).direction === "rtl";
}
