// One open document: its text, a person's spans, and what a model proposes. Pure.

import { firstOverlap, firstRepeat, inTextOrder, indexOfSame, isSame } from "./spans.js";
import { keyOf, overlaps, stretchesOf, within } from "./spans.js";
import { Offsets } from "./offsets.js";
import { Proposals } from "./proposals.js";
import { provenanceOf } from "./sources.js";
import { Sentences } from "./sentences.js";
import { Tokens } from "./tokens.js";

export class Model {
  #rejected = new Map();
  #longest = 0; // length of the longest span so far, where spans may overlap
  #stretches; // of the text: spans and suggestions, open or not, lie in one each

  constructor(desk) {
    this.document = desk.document;
    this.labels = desk.labels;
    this.mayOverlap = desk.may_overlap;
    this.offsets = new Offsets(desk.document.text);
    this.tokens = new Tokens(desk.document.tokens);
    this.sentences = new Sentences(desk.document.sentences, this.tokens);
    this.uncertain = desk.uncertain_tokens;
    this.proposals = new Proposals(desk.suggestions, desk.may_overlap);
    this.replace(desk.annotation);
  }

  // Take over an annotation as the server has it.
  replace({ spans, rejections, state }) {
    this.spans = [...spans].sort(inTextOrder);
    this.#measure(spans);
    this.#rejected = new Map(rejections.map((span) => [keyOf(span), span]));
    this.state = state;
    this.#propose();
  }

  // The suggestions about which nothing is decided yet.
  get pending() {
    return this.proposals.open;
  }

  get content() {
    return { spans: this.spans, rejections: [...this.#rejected.values()] };
  }

  // Whether a change can be made on the spans as they are now.
  fits(change) {
    const gone = new Set(change.remove.map(keyOf));
    const collides = this.mayOverlap ? isSame : overlaps;
    const findClash = this.mayOverlap ? firstRepeat : firstOverlap;
    const isFree = (span) =>
      this.spansIn(span.start, span.end).every(
        (other) => gone.has(keyOf(other)) || !collides(other, span),
      );
    return (
      change.remove.every((span) => this.has(span)) &&
      change.add.every((span) => this.#hasLabel(span) && isFree(span)) &&
      findClash(change.add) === null
    );
  }

  // The change as it was made: each added span says where it comes from.
  apply(change) {
    this.#measure(change.add);
    const gone = new Set(change.remove.map(keyOf));
    const kept = this.spans.filter((span) => !gone.has(keyOf(span)));
    const added = change.add.map((span) => this.#withSource(span));
    this.spans = [...added, ...kept].sort(inTextOrder); // the newest of a place first
    for (const span of change.reject) this.#rejected.set(keyOf(span), span);
    for (const span of change.unreject) this.#rejected.delete(keyOf(span));
    this.#propose();
    return { ...change, add: added };
  }

  // Whether this very span is there, with its label.
  has(span) {
    return indexOfSame(this.spans, span) >= 0;
  }

  // The spans that touch [start, end), in the order of the text.
  spansIn(start, end) {
    return within(this.spans, start, end, this.#longest);
  }

  // From the first to the last of all that overlaps a range, or overlaps what does.
  reachOf({ start, end }) {
    const near = within(this.#stretches, start, end);
    const first = Math.min(start, near[0]?.start ?? start);
    const last = Math.max(end, near.at(-1)?.end ?? end);
    return { start: first, end: last };
  }

  // Whether nothing forbids a span there, whatever its label is.
  isFree({ start, end }) {
    const there = this.spansIn(start, end);
    if (!this.mayOverlap) return there.length === 0;
    return !there.some((span) => span.start === start && span.end === end);
  }

  // What covers a range, the innermost first: spans, and suggestions that are open.
  itemsAt(range) {
    const covers = (item) => item.start <= range.start && range.end <= item.end;
    const as = (kind) => (item) => ({ kind, item });
    const spans = this.spansIn(range.start, range.end).filter(covers);
    const found = this.proposals.openIn(range.start, range.end).filter(covers);
    const length = ({ item }) => item.end - item.start;
    return [...spans.map(as("span")), ...found.map(as("suggestion"))].sort(
      (a, b) => length(a) - length(b),
    );
  }

  counts() {
    const counts = new Map(this.labels.map((label) => [label.name, 0]));
    for (const span of this.spans) {
      counts.set(span.label, (counts.get(span.label) ?? 0) + 1);
    }
    return counts;
  }

  #measure(spans) {
    if (!this.mayOverlap) return;
    for (const { start, end } of spans) this.#longest = Math.max(this.#longest, end - start);
  }

  #hasLabel(span) {
    return this.labels.some((label) => label.name === span.label);
  }

  // What comes back keeps its source; of what is new the page says who proposed it.
  #withSource(span) {
    if (span.suggested !== undefined) return span;
    const { start, end, label } = span;
    return { start, end, label, ...provenanceOf(this.proposals.like(span)) };
  }

  // Open are suggestions that nobody rejected and that could still be accepted.
  #propose() {
    const isTaken = this.mayOverlap
      ? (suggestion) => this.has(suggestion)
      : ({ start, end }) => within(this.spans, start, end).length > 0;
    this.proposals.update((suggestion) => isTaken(suggestion) || this.#rejected.has(keyOf(suggestion)));
    this.#stretches = stretchesOf([...this.spans, ...this.proposals.all].sort(inTextOrder));
  }
}
