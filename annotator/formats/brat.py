"""brat's standoff: a text in one file, what is marked in it in another."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from django.utils.translation import gettext as _t

from annotator.formats.brat_writer import ONE_LINE
from annotator.formats.companions import TEXT, not_read, parts, stem, suffix
from annotator.formats.mentions import Mention, settle
from annotator.formats.records import Format, Record, check_marks, excerpt
from annotator.formats.records import ReadOptions as Options
from annotator.formats.source import LONGEST_LINE, FormatError, Line, Source

MARKED = (".a1", ".a2", ".ann")  # the first two of BioNLP's shared tasks
PIECE = re.compile(r"([0-9]{1,12}) ([0-9]{1,12})")
# By the first character of its id, what a line that marks no text is.
OTHERS = {
    "E": "events (E)",
    "R": "relations (R)",
    "*": "equivalences (*)",
    "A": "attributes (A)",
    "M": "attributes (M)",
    "N": "normalisations (N)",
    "#": "comments (#)",
}
ANY_LINE = re.compile(r"([TERAMN][\w.:-]*|\*|#\S*)\t\S.*", re.ASCII | re.DOTALL)


@dataclass(slots=True)
class Marks:
    """What the annotation files of one text hold."""

    mentions: list[Mention] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    others: Counter[str] = field(default_factory=Counter)
    errors: list[FormatError] = field(default_factory=list)
    is_empty: bool = True


def read(source: Source, options: Options) -> Iterator[Record | FormatError]:
    """A text a document; of a single annotation file, the text beside it."""
    if not source.is_collection:
        yield from _document([source, *_beside(source)], options)
        return
    names = source.member_names
    own = parts(names, MARKED)
    wanted = Counter(stem(name) for name in names if name in own)
    waiting: dict[str, list[Source]] = {stem: [] for stem in wanted}
    notes = list(not_read(names, own))
    for member in source.members():
        if member.shown_name not in own:
            continue
        files = waiting[member.stem]
        files.append(member)
        if len(files) == wanted[member.stem]:
            for item in _document(waiting.pop(member.stem), options):
                if isinstance(item, Record) and notes:
                    item, notes = replace(item, notes=(*notes, *item.notes)), []
                yield item


def _beside(source: Source) -> list[Source]:
    """The text of a single annotation file, where it lies beside it."""
    for ending in (TEXT, TEXT.upper()):
        path, name = source.path.with_suffix(ending), f"{source.stem}{ending}"
        if path.is_file():
            return [Source(path, name, source.stated_encoding)]
    return []


def _document(files: list[Source], options: Options) -> Iterator[Record | FormatError]:
    texts = [file for file in files if file.suffix == TEXT]
    marked = [file for file in files if file.suffix in MARKED]
    if len(texts) != 1:
        sentence = _t("{file} has no text: {text} is missing.")
        name = f"{files[0].stem}{TEXT}"
        message = sentence.format(file=files[0].shown_name, text=name)
        yield FormatError(1, message)
        return
    marks = _marks(marked)
    if marks.errors:
        yield from marks.errors
        return
    try:
        yield _record(texts[0], marks, bool(marked), options)
    except FormatError as error:
        yield _named((marked or texts)[0], error)


def _record(file: Source, marks: Marks, is_annotated: bool, options: Options) -> Record:
    text = file.read_text(LONGEST_LINE)
    # brat writes a span of several lines on one line.
    one_line = text.translate(ONE_LINE)
    spans, settled = settle(one_line, marks.mentions, options.may_overlap)
    notes = [*file.notes, *marks.notes]
    named = [f"{file.stem}: {note}" for note in (*settled, *_left_out(marks))]
    if is_annotated and marks.is_empty:
        sentence = _t("{name} has an empty annotation file: no spans is its answer.")
        named.append(sentence.format(name=file.stem))
    return Record(
        text=text,
        spans=spans,
        is_annotated=is_annotated,
        external_id=file.stem,
        notes=(*notes, *named),
    )


def _left_out(marks: Marks) -> Iterator[str]:
    if marks.others:
        kinds = ", ".join(f"{count} {kind}" for kind, count in marks.others.items())
        yield _t("Not kept: {kinds}.").format(kinds=kinds)


def _marks(files: list[Source]) -> Marks:
    marks = Marks()
    for file in files:
        marks.notes += file.notes
        try:
            for line in file.lines():
                _add_line(marks, file, line)
                found = len(marks.mentions) + len(marks.notes) + len(marks.errors)
                check_marks(line.number, found)
        except FormatError as error:
            marks.errors.append(_named(file, error))
    return marks


def _add_line(marks: Marks, file: Source, line: Line) -> None:
    if not line.error and not line.text.strip():
        return
    marks.is_empty = False
    try:
        if line.error:
            raise line.error
        if not ANY_LINE.fullmatch(line.text):
            sentence = _t("“{text}” is no line of brat's, such as T1, TAB, PER 0 4.")
            raise FormatError(line.number, sentence.format(text=excerpt(line.text)))
        if line.text.startswith("T"):
            _add_mention(marks, file, line)
        else:
            marks.others[OTHERS[line.text[0]]] += 1
    except FormatError as error:
        marks.errors.append(_named(file, error))


def _add_mention(marks: Marks, file: Source, line: Line) -> None:
    """The covered text is all behind the second TAB, and may hold TABs itself."""
    id, what, *rest = line.text.split("\t", 2)
    label, _space, places = what.partition(" ")
    pieces = [PIECE.fullmatch(place) for place in places.split(";")]
    found = [(int(piece[1]), int(piece[2])) for piece in pieces if piece]
    if not label or len(found) < len(pieces):
        sentence = _t("“{text}” is not a label, a start and an end.")
        raise FormatError(line.number, sentence.format(text=excerpt(what)))
    surface = rest[0].translate(ONE_LINE) if rest else None
    if len(found) == 1:
        (start, end) = found[0]
        marks.mentions.append(Mention(start, end, label, line.number, surface))
        return
    sentence = _t(
        "{file}, line {line}: {id} {label} “{surface}” is in {count} pieces "
        "and was left out: {places}."
    )
    marks.notes.append(
        sentence.format(
            file=file.shown_name,
            line=line.number,
            id=id,
            label=excerpt(label),
            surface=excerpt(surface or ""),
            count=len(found),
            places=", ".join(f"[{start}, {end})" for start, end in found),
        )
    )


def _named(file: Source, error: FormatError) -> FormatError:
    return FormatError(error.line, f"{file.shown_name}: {error.message}")


def recognises(source: Source) -> bool:
    if source.is_collection:
        names = source.member_names
        kinds = {suffix(name) for name in names}
        return TEXT in kinds and not kinds.isdisjoint(MARKED)
    if source.suffix not in MARKED:
        return False
    lines = [line for line in source.head(20) if line.text.strip()]
    return all(ANY_LINE.fullmatch(line.text) for line in lines)


FORMAT = Format(
    name="brat",
    suffixes=MARKED,
    recognises=recognises,
    read=read,
    takes_collections=True,
)
