"""The one format of all files of a folder or zip, or which two of them differ."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from django.utils.translation import gettext as _t

from annotator.formats.companions import is_description
from annotator.formats.records import Format
from annotator.formats.source import FormatError, Source

# The others are looked at when they are read: then a wrong one is one bad document.
MEMBERS_LOOKED_AT = 100
LOOK = 1_000  # characters: what is empty has fewer
Find = Callable[[Source], Format]


@dataclass(slots=True)
class Votes:
    """The formats that were recognised, each with the name of its first file."""

    formats: dict[str, tuple[Format, str]] = field(default_factory=dict)
    error: FormatError | None = None  # why the first other file has none

    def add(self, format: Format, name: str) -> None:
        self.formats.setdefault(format.name, (format, name))

    def look_at(self, member: Source, find: Find) -> None:
        try:
            self.add(find(member), member.shown_name)
        except FormatError as error:
            self.error = self.error or error


def format_of(source: Source, several: Format | None, find: Find) -> Format:
    """The format that the first files of a folder or zip have in common.

    What is read with it later is looked at too: nothing is read as what it is not.

    Args:
        source: The folder or zip.
        several: A format of files that belong together, if there are such: it names
            the others, which it does not read.
        find: Recognises a file by itself.

    Raises:
        FormatError: two files are of different formats, or no file is of any.
    """
    if several:
        return several
    documents, descriptions = _votes(source, find)
    votes = documents if documents.formats else descriptions
    if not votes.formats:
        raise documents.error or descriptions.error or _nothing_in(source)
    found = [format for format, _name in votes.formats.values()]
    format = next((f for f in found if _takes_all(f, found)), found[0])
    name = votes.formats[format.name][1]
    for other, other_name in votes.formats.values():
        if not _takes_all(format, [other]):
            raise _differ(format.name, name, other.name, other_name)
    return _careful(format, name, find)


def _takes_all(format: Format, others: Iterable[Format]) -> bool:
    return all(other.name in (format.name, *format.kin) for other in others)


def _votes(source: Source, find: Find) -> tuple[Votes, Votes]:
    """What the documents are, and what the files are that only describe them."""
    documents, descriptions = Votes(), Votes()
    seen = 0
    for member in source.members():
        if is_description(member):
            descriptions.look_at(member, find)
        elif not _is_blank(member):
            documents.look_at(member, find)
            seen += 1
        if seen == MEMBERS_LOOKED_AT:
            break
    return documents, descriptions


def _careful(format: Format, name: str, find: Find) -> Format:
    """The format, leaving out descriptions and refusing files of other formats."""

    def found(member: Source) -> str:
        try:
            return find(member).name
        except FormatError:
            return ""

    def ignores(member: Source) -> bool:
        if format.ignores(member):
            return True
        is_other = {"", "text"} - {format.name}
        return is_description(member) and found(member) in is_other

    def refuses(member: Source) -> FormatError | None:
        if _is_blank(member):
            return None
        try:
            other = find(member).name
        except FormatError as error:
            return error
        if other in (format.name, *format.kin):
            return None
        return _differ(format.name, name, other, member.shown_name)

    return replace(format, ignores=ignores, refuses=refuses)


def _differ(format: str, name: str, other: str, other_name: str) -> FormatError:
    sentence = _t(
        "{name} is of the format {format}, {other_name} of {other}: import them "
        "separately, or choose the format."
    )
    return FormatError(
        1,
        sentence.format(name=name, format=format, other_name=other_name, other=other),
    )


def _nothing_in(source: Source) -> FormatError:
    sentence = (
        _t("All files in {name} are empty.")
        if source.member_names
        else _t("There is no file in {name}.")
    )
    return FormatError(1, sentence.format(name=source.shown_name))


def _is_blank(member: Source) -> bool:
    """Whether nothing is in a file, as in what a program exports of nothing."""
    if member.is_collection:
        return False
    start = member.beginning(LOOK)
    return len(start) < LOOK and start.strip() in ("", "[]")
