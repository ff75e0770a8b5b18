// A change of an annotation: what an edit adds, removes, rejects and takes back.

import { provenanceFrom, sourceOf } from "./sources.js";
import { keyOf } from "./spans.js";

export function makeChange({ add = [], remove = [], reject = [], unreject = [] }) {
  return { add, remove, reject, unreject };
}

export const isEmpty = (change) =>
  !change.add.length &&
  !change.remove.length &&
  !change.reject.length &&
  !change.unreject.length;

export const invert = (change) => ({
  add: change.remove,
  remove: change.add,
  reject: change.unreject,
  unreject: change.reject,
});

// What leads from one set of spans and rejections to another.
export function difference(from, to) {
  const missing = (there, here) => {
    const keys = new Set(here.map(keyOf));
    return there.filter((span) => !keys.has(keyOf(span)));
  };
  return {
    add: missing(to.spans, from.spans),
    remove: missing(from.spans, to.spans),
    reject: missing(to.rejections, from.rejections),
    unreject: missing(from.rejections, to.rejections),
  };
}

// What goes over the wire: offsets and labels, of new spans the surface and the source.
export function toWire(change, offsets) {
  const bare = ({ start, end, label }) => ({ start, end, label });
  return {
    add: change.add.map((span) => ({
      ...bare(span),
      surface: offsets.slice(span.start, span.end),
      source: sourceOf(span),
    })),
    remove: change.remove.map(bare),
    reject: change.reject.map(bare),
    unreject: change.unreject.map(bare),
  };
}

// The change of an edit that was written down; earlier pages wrote down no source.
export function fromWire(edit) {
  const change = makeChange(edit);
  const add = change.add.map(({ source, ...span }) =>
    source === undefined ? span : { ...span, ...provenanceFrom(source) },
  );
  return { ...change, add };
}
