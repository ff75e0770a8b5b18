// Moving the boundaries of a span or of a suggestion, by key and by mouse. Pure.

import { makeChange } from "./changes.js";
import { isSame } from "./spans.js";

// Give a span or a suggestion another range, or null where it cannot have that one. A
// suggestion that is moved is the person's own span then, and is not proposed again.
export function reshape(model, { kind, item }, range) {
  const moved = { start: range.start, end: range.end, label: item.label };
  const isInside = moved.start >= 0 && moved.end <= model.offsets.length;
  if (!isInside || moved.start >= moved.end || isSame(moved, item)) return null;
  const others = model.mayOverlap ? [] : model.spansIn(moved.start, moved.end);
  if (others.some((other) => !isSame(other, item))) return null;
  const { start, end, label } = item;
  if (kind === "span") return makeChange({ add: [moved], remove: [item] });
  return makeChange({ add: [moved], reject: [{ start, end, label }] });
}

// Move one boundary by a token or a grapheme cluster: null where it cannot move.
export function moveBoundary(model, target, { edge, direction, byCharacter }) {
  const { start, end } = target.item;
  const step = byCharacter ? clusterStep : tokenStep;
  const range = { start, end, [edge]: step(model, target.item[edge], edge, direction) };
  return reshape(model, target, range);
}

// The range with one boundary at the token, or the cluster, nearest to a point; the
// other boundary stays, and something stays between them.
export function dragBoundary(model, { start, end }, { edge, point, byCharacter }) {
  const to = byCharacter
    ? model.offsets.clusterAt(point).start
    : nearestEdge(model.tokens, edge, point);
  return edge === "start" ? { start: Math.min(to, end), end } : { start, end: Math.max(to, start) };
}

function nearestEdge(tokens, edge, point) {
  const token = tokens.nearest(point);
  const around = [token - 1, token, token + 1].filter((i) => i >= 0 && i < tokens.length);
  const edges = around.map((index) => tokens.range(index)[edge]);
  return edges.reduce((best, place) =>
    Math.abs(place - point) < Math.abs(best - point) ? place : best,
  );
}

// The next place where a token starts or ends; the same offset where there is none.
function tokenStep({ tokens }, offset, edge, direction) {
  const next = {
    start: direction < 0 ? tokens.until(offset) : tokens.until(offset + 1) + 1,
    end: direction < 0 ? tokens.from(offset - 1) - 1 : tokens.from(offset),
  }[edge];
  return next < 0 || next >= tokens.length ? offset : tokens.range(next)[edge];
}

function clusterStep({ offsets }, offset, edge, direction) {
  if (direction < 0) return offset > 0 ? offsets.clusterAt(offset - 1).start : offset;
  return offset < offsets.length ? offsets.clusterAt(offset).end : offset;
}
