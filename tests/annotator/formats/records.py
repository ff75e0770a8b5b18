"""Any documents there can be, for properties that hold of all of them."""

from hypothesis import strategies as st

from annotator.formats import Record
from modeling.spans import Span
from modeling.tokens import tokenize

any_text = st.text(
    st.sampled_from(" \t\r\n\\#[]|_-.\u2028\x0b\x1c😊é") | st.characters(codec="utf-8"),
    min_size=1,
).filter(lambda text: "\0" not in text)
any_label = st.text(
    st.characters(categories=("L", "N", "P", "S")), min_size=1, max_size=9
)
STATES = ("", "open", "skipped", "flagged")
any_number = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
any_value = any_text | any_number | st.booleans() | st.none()
any_metadata = st.dictionaries(
    any_label, any_value | st.lists(any_value, max_size=3), max_size=4
)


@st.composite
def any_tokens(draw: st.DrawFn, text: str) -> tuple[tuple[int, int], ...] | None:
    """Words, characters, or whatever somebody may have imported; maybe none at all."""
    mode = draw(st.sampled_from(["unicode-words", "characters", "imported", "none"]))
    if mode == "none":
        return None
    if mode != "imported":
        return tuple(tokenize(text, mode))
    cuts = sorted(draw(st.sets(st.integers(0, len(text)))))
    return tuple(zip(cuts[::2], cuts[1::2], strict=False))


@st.composite
def any_spans(draw: st.DrawFn, text: str) -> tuple[Span, ...]:
    """All different; some overlap, are nested or begin in the middle of a token."""
    offsets = st.integers(0, len(text))
    found = draw(st.lists(st.tuples(offsets, offsets, any_label), max_size=6))
    spans = [Span(min(a, b), max(a, b), label) for a, b, label in found if a != b]
    return tuple(sorted(set(spans)))


@st.composite
def any_record(draw: st.DrawFn) -> Record:
    text = draw(any_text)
    tokens = draw(any_tokens(text))
    starts = st.sets(st.integers(0, len(tokens) - 1)) if tokens else st.just(set())
    is_annotated = draw(st.booleans())
    suggestions = draw(st.just(()) | any_spans(text))
    return Record(
        text=text,
        spans=draw(any_spans(text)) if is_annotated else (),
        is_annotated=is_annotated,
        tokens=tokens,
        sentence_starts=tuple(sorted(draw(starts))) if draw(st.booleans()) else None,
        metadata=draw(any_metadata),
        external_id=draw(st.just("") | any_label),
        suggestions=suggestions,
        confidences={
            span: draw(st.floats(0, 1)) for span in suggestions if draw(st.booleans())
        },
        state=draw(st.sampled_from(STATES)) if is_annotated else "",
    )


any_records = st.lists(any_record(), min_size=1, max_size=4)
