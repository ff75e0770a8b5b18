"""Files that belong together by their names, and those that only describe others."""

import re
from collections.abc import Collection, Container, Iterator
from pathlib import PurePosixPath

from django.utils.translation import gettext as _t

from annotator.formats.source import Source
from annotator.formats.tag_names import describes

TEXT = ".txt"
# Plain text that says something about a data set; every .md file does too.
DOCUMENTATION = re.compile(
    r"(readme|licen[cs]e|copying|notice|sources?|changelog|citation|authors)"
    r"([-_. ]([a-z]+|v?\d+(\.\d+)+))?",
    re.IGNORECASE,
)
PLAIN = ("", TEXT, ".text", ".rst")


def suffix(name: str) -> str:
    return PurePosixPath(name).suffix.lower()


def stem(name: str) -> str:
    """The name without its last suffix, with its folders."""
    return name.removesuffix(PurePosixPath(name).suffix)


def parts(names: list[str], marked: Collection[str]) -> set[str]:
    """The texts and the files of annotations, which have one of these suffixes.

    A text that only describes the others is none of them.
    """
    annotated = {stem(name) for name in names if suffix(name) in marked}
    found = (name for name in names if suffix(name) in (TEXT, *marked))
    return {n for n in found if not is_documentation(n) or stem(n) in annotated}


def not_read(names: list[str], parts: Container[str]) -> Iterator[str]:
    """A note on the files that are no part of what is read as one."""
    others = ", ".join(name for name in names if name not in parts)
    if others:
        shown = others[:200] + ("…" if len(others) > 200 else "")
        yield _t("Not read: {names}.").format(names=shown)


def is_description(member: Source) -> bool:
    """Whether a file is one that says what the others of a data set are."""
    return is_documentation(member.shown_name) or describes(member)


def is_documentation(name: str) -> bool:
    """Whether a file is called as what tells people about a data set."""
    path = PurePosixPath(name)
    if path.suffix.lower() not in PLAIN:
        return path.suffix.lower() == ".md"
    return DOCUMENTATION.fullmatch(path.stem) is not None
