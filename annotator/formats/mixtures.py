"""The one format of all files of a folder or zip, or which two of them differ."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from django.utils.translation import gettext as _t

from annotator.formats.companions import is_description, is_documentation
from annotator.formats.records import Format
from annotator.formats.source import FormatError, Source

# The others are looked at when they are read: then a wrong one is one bad document.
MEMBERS_LOOKED_AT = 100
LOOK = 1_000  # characters that are blank at the beginning of an empty file
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
        several: A format of files that belong together, if there are such.
        find: Recognises a file by itself.

    Raises:
        FormatError: two files are of different formats, or no file is of any.
    """
    if several and not several.claims:
        return several  # such as a workbook, which is a zip by itself
    documents, descriptions = _votes(source, several, find)
    votes = documents if documents.formats else descriptions
    if any(format.claims for format, _name in votes.formats.values()):
        votes.formats.pop("text", None)  # unannotated ones among them
    if not votes.formats:
        sentence = _t("There is no file in {name}.")
        error = documents.error or descriptions.error
        raise error or FormatError(1, sentence.format(name=source.shown_name))
    (format, name), *others = votes.formats.values()
    if others:
        raise _differ(format.name, name, others[0][0].name, others[0][1])
    return format if format.claims else _careful(format, name, find)


def _votes(source: Source, several: Format | None, find: Find) -> tuple[Votes, Votes]:
    """What the documents are, and what the files are that only describe them."""
    documents, descriptions = Votes(), Votes()
    names = source.member_names
    if several and several.claims:
        claimed = filter(several.claims, names)
        documents.add(several, next(claimed, source.shown_name))
        names = [name for name in names if not several.claims(name)]
    wanted = [name for name in names if several is None or not is_documentation(name)]
    seen = 0
    for member in _members(source, wanted):
        if is_description(member):
            descriptions.look_at(member, find)
        elif not _is_blank(member):
            documents.look_at(member, find)
            seen += 1
        if seen == MEMBERS_LOOKED_AT:
            break
    return documents, descriptions


def _members(source: Source, wanted: list[str]) -> Iterator[Source]:
    """The files of these names; nothing is unpacked behind the last of them."""
    left = set(wanted)
    for member in source.members() if left else ():
        if member.shown_name in left:
            left.discard(member.shown_name)
            yield member
            if not left:
                return


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
        if other == format.name:
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


def _is_blank(member: Source) -> bool:
    return not member.is_collection and not member.beginning(LOOK).strip()
