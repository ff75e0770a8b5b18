// Shows the cursor, found and commented places without touching the DOM of the text
// (CSS Custom Highlight API); where that is missing, the browser's own selection shows
// the cursor.

const canHighlight = typeof Highlight === "function" && "highlights" in CSS;

export function showCursor(view, range) {
  if (canHighlight) return show(view, "cursor", range ? [range] : []);
  const selection = window.getSelection();
  selection.removeAllRanges();
  if (range) selection.addRange(view.rangeOf(range));
}

export function showFound(view, ranges) {
  if (canHighlight) show(view, "found", ranges);
}

export function showCommented(view, ranges) {
  if (canHighlight) show(view, "commented", ranges);
}

function show(view, name, ranges) {
  if (!ranges.length) return CSS.highlights.delete(name);
  const places = ranges.map((range) => view.rangeOf(range));
  return CSS.highlights.set(name, new Highlight(...places));
}
