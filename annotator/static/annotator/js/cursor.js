// Where the person is: a token cursor, or a range from an anchor to a focus. Pure.

export class Cursor {
  #tokens;
  #anchor = null;
  #focus = null;
  #free = null; // a range that need not follow tokens

  constructor(tokens) {
    this.#tokens = tokens;
  }

  // The range under the cursor, or null before anything was chosen.
  get range() {
    if (this.#free) return this.#free;
    if (this.#focus === null) return null;
    const first = this.#tokens.range(Math.min(this.#anchor, this.#focus));
    const last = this.#tokens.range(Math.max(this.#anchor, this.#focus));
    return { start: first.start, end: last.end };
  }

  // The token at the cursor's moving end, or null.
  get token() {
    return this.#focus;
  }

  // Where the cursor's moving end is.
  get focus() {
    if (this.#focus !== null) return this.#tokens.range(this.#focus);
    return this.#free;
  }

  // Whether the person marked a range out, rather than just standing on a token.
  get isRange() {
    return this.#free?.isMarked ?? this.#anchor !== this.#focus;
  }

  moveTo(token) {
    if (this.#tokens.length === 0) return;
    this.#free = null;
    this.#focus = Math.max(0, Math.min(token, this.#tokens.length - 1));
    this.#anchor = this.#focus;
  }

  moveBy(step) {
    this.moveTo(this.#here(step) + step);
  }

  extendTo(token) {
    if (this.#tokens.length === 0) return;
    if (this.#focus === null) this.moveTo(this.#here(0));
    this.#free = null;
    this.#focus = Math.max(0, Math.min(token, this.#tokens.length - 1));
  }

  extendBy(step) {
    this.extendTo(this.#here(step) + step);
  }

  // Mark a range out: by mouse, or around a span or suggestion.
  select({ start, end }, { isMarked }) {
    this.#free = { start, end, isMarked };
    const first = this.#tokens.from(start);
    const last = this.#tokens.until(end);
    this.#anchor = first <= last ? first : null;
    this.#focus = first <= last ? last : null;
  }

  clear() {
    this.#free = null;
    this.#anchor = null;
    this.#focus = null;
  }

  // The token a step starts from; before the first one when nothing was chosen.
  #here(step) {
    if (this.#focus !== null) return this.#focus;
    if (this.#free) return this.#tokens.nearest(this.#free.start);
    return step > 0 ? -1 : 0;
  }
}
