// Places on the screen: what lies above or below a range, and where to scroll.

const LINES_TRIED = 4; // an empty line has no character to land on
const SLACK = 1; // pixels

// The code point one line above or below a range, or null at the edge of the screen.
export function lineFrom(view, range, direction) {
  const box = view.rangeOf(range).getClientRects()[0];
  if (!box) return null;
  const height = Number.parseFloat(getComputedStyle(view.root).lineHeight);
  for (let step = 1; step < LINES_TRIED; step += 1) {
    const y = (box.top + box.bottom) / 2 + direction * step * height;
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

// Bring a range between the bars at the top and the lower edge of the window.
export function reveal(view, range) {
  view.hostOf(range).scrollIntoView({ block: "nearest" });
  const box = view.rangeOf(range).getBoundingClientRect();
  const top = Number.parseFloat(getComputedStyle(view.root).scrollMarginTop) || 0;
  const bottom = window.innerHeight - 64;
  if (box.top < top || box.bottom > bottom) {
    window.scrollBy({ top: (box.top + box.bottom) / 2 - (top + bottom) / 2 });
  }
}

export function isRightToLeft(view, range) {
  return getComputedStyle(view.hostOf(range)).direction === "rtl";
}
