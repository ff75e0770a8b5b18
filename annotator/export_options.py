"""What an export is asked for, and what of it cannot be."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

from django.utils.translation import gettext as _t

from annotator.formats import OUTPUTS, Output
from annotator.models import Project
from annotator.models.edits import State
from modeling.tagging import SCHEMES
from modeling.tokens import TOKEN_MODES

GOLD, EVERYBODY = "gold", "all"
USER = "user:"  # before a name, where it could be taken for one of these
SPLITS = ("train", "dev", "test")
SUGGESTIONS = "suggestions"


class ExportRefused(ValueError):
    """Nothing was written; the message is one sentence for a person."""


@dataclass(frozen=True, slots=True)
class ExportOptions:
    format: str = "conll2003"
    scheme: str = "iob2"
    tokens: str | None = None  # a token mode; None: as imported, else the project's
    annotated_by: str | None = None  # named(user), GOLD, EVERYBODY; None: gold, newest
    states: tuple[str, ...] = (State.SUBMITTED.value,)
    labels: tuple[str, ...] = ()  # empty for all
    has_suggestions: bool = False  # also of documents that nobody has annotated
    ratio: tuple[int, ...] = ()  # of SPLITS; empty for one file
    seed: int = 0  # of the split
    strict: bool = False  # write nothing unless the file holds everything

    @property
    def person(self) -> str | None:
        """The user name of the one person whose annotations are taken."""
        if self.annotated_by in (None, GOLD, EVERYBODY):
            return None
        return self.annotated_by.removeprefix(USER)

    @classmethod
    def restored(cls, kept: dict[str, Any]) -> Self:
        """What was kept as JSON, where there are no tuples."""
        lists = {n: tuple(v) for n, v in kept.items() if isinstance(v, list)}
        return cls(**kept | lists)

    @property
    def output(self) -> Output:
        return OUTPUTS[self.format]

    @property
    def splits(self) -> tuple[str, ...]:
        """The splits that documents go to; none when they are not split."""
        return tuple(
            split for split, part in zip(SPLITS, self.ratio, strict=False) if part
        )

    @property
    def suffix(self) -> str:
        is_folder = self.splits or self.output.beside
        return "zip" if is_folder else self.output.suffix

    def split_of(self, content_hash: str) -> str:
        """The split of a text, which stays the same whatever else is exported.

        It is empty where documents are not split.
        """
        if not self.splits:
            return ""
        mixed = hashlib.sha256(f"split:{self.seed}:{content_hash}".encode()).digest()
        left = int.from_bytes(mixed[:8], "big") / 2**64 * sum(self.ratio)
        for split, part in zip(SPLITS, self.ratio, strict=False):
            if left < part:
                return split
            left -= part
        return self.splits[-1]


def named(username: str) -> str:
    """A person beside GOLD and EVERYBODY, which are user names that one may have."""
    is_plain = username not in (GOLD, EVERYBODY) and not username.startswith(USER)
    return username if is_plain else USER + username


def parse_ratio(text: str) -> tuple[int, ...]:
    """The parts of ``80/10/10``, or of ``80,10,10``; nothing of an empty text.

    Raises:
        ExportRefused: it is not one to three whole numbers, or all are nought.
    """
    if not text.strip():
        return ()
    pieces = [piece.strip() for piece in text.replace(",", "/").split("/")]
    is_whole = all(piece.isascii() and piece.isdecimal() for piece in pieces)
    if is_whole and len(pieces) <= len(SPLITS) and all(len(p) < 7 for p in pieces):
        ratio = tuple(map(int, pieces))
        if any(ratio):
            return ratio
    sentence = _t("The split “{value}” is not whole numbers such as 80/10/10.")
    raise ExportRefused(sentence.format(value=text[:40]))


def check(project: Project, options: ExportOptions) -> None:
    """Refuse what is unknown, or what the format cannot hold.

    Raises:
        ExportRefused: naming the option and its value.
    """
    labels = list(project.labels.values_list("name", flat=True))
    known: list[tuple[str, str, Iterable[str]]] = [
        (_t("format"), options.format, OUTPUTS),
        (_t("scheme"), options.scheme, SCHEMES),
        (_t("token mode"), options.tokens or "as-imported", TOKEN_MODES),
        *((_t("state"), state, State.values) for state in options.states),
        *((_t("label"), label, labels) for label in options.labels),
    ]
    for name, value, choices in known:
        if value not in choices:
            sentence = _t("The {name} “{value}” is none of {known}.")
            listed = ", ".join(choices)
            message = sentence.format(name=name, value=value, known=listed)
            raise ExportRefused(message)
    if options.has_suggestions and SUGGESTIONS not in options.output.holds:
        sentence = _t("{format} holds no suggestions; {others} do.")
        others = [str(o.title) for o in OUTPUTS.values() if SUGGESTIONS in o.holds]
        message = sentence.format(format=options.output.title, others=", ".join(others))
        raise ExportRefused(message)
