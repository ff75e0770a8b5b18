"""Where sentences of a written document start: never inside of a span."""

from bisect import bisect_left
from collections.abc import Container, Sequence

from django.utils.translation import gettext as _t

from annotator.formats.records import Loss, Record, excerpt
from modeling.tokens import Token, sentence_breaks


def sentence_starts(
    record: Record, tokens: Sequence[Token], inside: Container[int]
) -> tuple[list[int], list[Loss]]:
    """The tokens that start a sentence: as imported, else by the project's rule.

    Args:
        record: The document.
        tokens: Its tokens as they are written.
        inside: Numbers of the tokens that continue a span: none of them starts a
            sentence, and an imported break that wanted to is a loss.
    """
    if record.sentence_starts is None or record.tokens is None:
        found = sentence_breaks(record.text, tokens)
        return [at for at in found if at not in inside], []
    offsets = [start for start, _ in tokens]
    wanted = [record.tokens[index][0] for index in record.sentence_starts]
    breaks = {0, *(bisect_left(offsets, start) for start in wanted)} - {len(tokens)}
    kept = [at for at in sorted(breaks) if at not in inside]
    sentence = _t("The sentence break before “{word}” is inside a span: left out.")
    losses = []
    for start, end in (tokens[at] for at in sorted(breaks - {*kept})):
        reason = sentence.format(word=excerpt(record.text[start:end]))
        losses.append(Loss(record, "sentence", reason, became=(start, end)))
    return kept, losses
