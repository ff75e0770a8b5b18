"""W3C Web Annotation: JSON about a text that lies beside it in a file of its own."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from django.utils.translation import gettext as _t

from annotator.formats.companions import TEXT, not_read, parts, suffix
from annotator.formats.json_values import elements, is_whole, objects, shown
from annotator.formats.mentions import Mention, settle
from annotator.formats.records import Format, Record, excerpt
from annotator.formats.records import ReadOptions as Options
from annotator.formats.source import LONGEST_LINE, FormatError, Source

MARKED = (".json", ".jsonld")
CONTEXT = "http://www.w3.org/ns/anno"
MARKS = re.compile(r'"(TextQuoteSelector|TextPositionSelector|selector)"')
NO_TAG = "annotation"  # the label of what is marked without a tag
HOLDERS = {"target", "items", "annotations", "first"}
IS_TAG = {"tagging", "classifying", "identifying"}


@dataclass(slots=True)
class Marks:
    mentions: list[Mention] = field(default_factory=list)
    others: Counter[str] = field(default_factory=Counter)
    untagged: int = 0


def read(source: Source, options: Options) -> Iterator[Record | FormatError]:
    """A document for each file of annotations; its text has the same name.

    In a folder or zip with only one text, that is the text of all of them.
    """
    if not source.is_collection:
        path, name = source.path.with_suffix(TEXT), f"{source.stem}{TEXT}"
        texts = [Source(path, name, source.stated_encoding)] if path.is_file() else []
        yield from _documents([source, *texts], options)
        return
    names = source.member_names
    own, found = parts(names, MARKED), list[Source]()
    left = sum(name in own for name in names)  # a zip may hold a name twice
    for member in source.members():
        if member.shown_name in own:
            found.append(member)
            if len(found) == left:  # all of them are unpacked now, and still there
                notes = [*not_read(names, own)]
                yield from _noted(_documents(found, options), notes)


def _noted(
    items: Iterator[Record | FormatError], notes: list[str]
) -> Iterator[Record | FormatError]:
    """The documents, and the notes with the first one."""
    for item in items:
        if notes and isinstance(item, Record):
            item, notes = replace(item, notes=(*notes, *item.notes)), []
        yield item


def _documents(files: list[Source], options: Options) -> Iterator[Record | FormatError]:
    """What is read of a file goes with the copy it is read from; all files stay."""
    texts = {file.stem: file for file in files if file.suffix == TEXT}
    only = next(iter(texts.values())) if len(texts) == 1 else None
    unread = {file.shown_name: file for file in files if file.suffix == TEXT}
    for file in [file for file in files if file.suffix != TEXT] or files:
        text = texts.get(file.stem, only)
        if text is not None:
            unread.pop(text.shown_name, None)
        try:
            yield _record(replace(file), text and replace(text), options)
        except FormatError as error:
            yield _named(file, error)
    for text in map(replace, unread.values()):
        try:
            content = text.read_text(LONGEST_LINE)
            yield Record(content, external_id=text.stem, notes=tuple(text.notes))
        except FormatError as error:
            yield _named(text, error)


def _named(file: Source, error: FormatError) -> FormatError:
    return FormatError(error.line, f"{file.shown_name}: {error.message}")


def _record(file: Source, text: Source | None, options: Options) -> Record:
    if text is None:
        sentence = _t(
            "The annotated text is not in the file: put it as {name} beside it, in a "
            "folder or zip."
        )
        raise FormatError(1, sentence.format(name=f"{file.stem}{TEXT}"))
    content, marks = text.read_text(LONGEST_LINE), Marks()
    for line, value in elements(file.read_text()):
        if not isinstance(value, dict) or not value.keys() & HOLDERS:
            sentence = _t("{value} is no annotation with a target.")
            raise FormatError(line, sentence.format(value=shown(value)))
        for annotation in _annotations(value):
            _add(marks, line, annotation, content)
    spans, notes = settle(content, marks.mentions, options.may_overlap)
    # Those of a file by itself are told by whoever reads it.
    encodings = [note for f in (file, text) if f.whole or f is text for note in f.notes]
    return Record(
        text=content,
        spans=spans,
        is_annotated=True,
        external_id=file.stem,
        notes=(*encodings, *notes, *_notes(marks)),
    )


def _annotations(value: Any) -> Iterator[Mapping[str, Any]]:
    """The annotation, or those of a page or a collection of pages."""
    pages = [value] if isinstance(value, dict) else []
    while pages:
        page = pages.pop()
        items = page.get("items", page.get("annotations"))
        pages += objects([page.get("first")])
        if isinstance(items, list):
            pages += reversed(objects(items))
        elif "target" in page:
            yield page


def _add(marks: Marks, line: int, value: Mapping[str, Any], text: str) -> None:
    found = value.get("target")
    targets = objects(found if isinstance(found, list) else [found])
    selectors = [s for t in targets for s in _many(t.get("selector"))]
    place = _place(line, selectors, text)
    tags = _tags(marks, value)
    if len(targets) > 1 or place is None:
        kind = _t("relations") if len(targets) > 1 else _t("without a place")
        marks.others[kind] += 1
        return
    marks.untagged += not tags
    start, end, surface = place
    for tag in tags or [NO_TAG]:
        marks.mentions.append(Mention(start, end, tag, line, surface))


def _many(value: Any) -> list[dict[str, Any]]:
    return objects(value if isinstance(value, list) else [value])


def _place(
    line: int, selectors: list[dict[str, Any]], text: str
) -> tuple[int, int, str | None] | None:
    """Where a selector says; where only a quotation does, that has to be unique."""
    said = next((s for s in selectors if isinstance(_quoted(s), str)), {})
    for selector in selectors:
        start, end = selector.get("start"), selector.get("end")
        if is_whole(start) and is_whole(end):
            return start, end, _quoted(said)
    quoted = _quoted(said)
    if not quoted:
        return None
    before, after = (str(said.get(key) or "") for key in ("prefix", "suffix"))
    count = text.count(before + quoted + after)
    if count != 1:
        sentence = _t("“{quoted}” is {count} times in the text, and has no offsets.")
        message = sentence.format(quoted=excerpt(quoted), count=count)
        raise FormatError(line, message)
    start = text.index(before + quoted + after) + len(before)
    return start, start + len(quoted), quoted


def _quoted(selector: Mapping[str, Any]) -> str | None:
    value = selector.get("exact", selector.get("quote"))
    return value if isinstance(value, str) else None


def _tags(marks: Marks, value: Mapping[str, Any]) -> list[str]:
    """The labels; other bodies, such as comments, are counted."""
    bodies = [*_many(value.get("body")), *_many(value.get("bodies"))]
    tags = []
    for body in bodies:
        said = body.get("value", body.get("label"))
        if isinstance(said, dict):
            said = said.get("label", said.get("id"))
        why = body.get("purpose", value.get("motivation"))
        purposes = why if isinstance(why, list) else [why]
        is_tag = any(isinstance(p, str) and p in IS_TAG for p in purposes)
        if is_tag and isinstance(said, str) and said.strip():
            tags.append(said)
        else:
            marks.others[_t("comments")] += 1
    return list(dict.fromkeys(tags))


def _notes(marks: Marks) -> Iterator[str]:
    if marks.untagged:
        sentence = _t("Mentions without a tag are called “{label}” ({count}).")
        yield sentence.format(label=NO_TAG, count=marks.untagged)
    if marks.others:
        counts = (f"{kind} ({count})" for kind, count in marks.others.items())
        yield _t("Not kept: {things}.").format(things=", ".join(counts))


def recognises(source: Source) -> bool:
    """Of a folder or zip, by its first file of annotations if there is a text."""
    if not source.is_collection:
        head = source.beginning()
        is_json = head.lstrip()[:1] in ("[", "{") and '"target"' in head
        return is_json and (CONTEXT in head or bool(MARKS.search(head)))
    suffixes = {suffix(name) for name in source.member_names}
    if TEXT not in suffixes or suffixes.isdisjoint(MARKED):
        return False
    marked = (member for member in source.members() if member.suffix in MARKED)
    first = next(marked, None)
    return first is not None and not first.is_collection and recognises(first)


FORMAT = Format(
    name="w3c-annotation",
    suffixes=(".jsonld",),
    recognises=recognises,
    read=read,
    takes_collections=True,
)
