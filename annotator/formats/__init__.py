"""The registries of what is read and written; a new one is a module and a line."""

from collections.abc import Iterator
from dataclasses import replace

from django.utils.translation import gettext as _t

from annotator.formats import (
    bioc,
    brat,
    brat_writer,
    conll,
    conll2012,
    conll_writer,
    conllu,
    docbin,
    doccano_writer,
    foreign,
    hugging_face_writer,
    iob_lines,
    jsonl,
    jsonl_writer,
    label_studio,
    label_studio_writer,
    lighttag,
    mixtures,
    prodigy_writer,
    pubannotation,
    pubtator,
    spacy_json,
    spacy_writer,
    table,
    tagged_jsonl,
    text,
    uima_json,
    w3c_annotation,
    webanno_tsv,
    webanno_tsv_writer,
    xlsx,
    xmi,
    xmi_writer,
    yedda,
)
from annotator.formats.errors import WriteRefused
from annotator.formats.records import (
    UNJUDGED,
    Format,
    Loss,
    Output,
    ReadOptions,
    Record,
    WriteOptions,
    check,
    excerpt,
)
from annotator.formats.source import FormatError, Source

FORMATS: dict[str, Format] = {
    # In the order in which a file is shown to them when it has to be recognised.
    "webanno-tsv": webanno_tsv.FORMAT,
    "pubtator": pubtator.FORMAT,
    "xmi": xmi.FORMAT,
    "uima-json": uima_json.FORMAT,
    "bioc": bioc.FORMAT,
    "pubannotation": pubannotation.FORMAT,
    "lighttag": lighttag.FORMAT,
    "w3c-annotation": w3c_annotation.FORMAT,
    "spacy-json": spacy_json.FORMAT,
    "docbin": docbin.FORMAT,
    "brat": brat.FORMAT,
    "label-studio": label_studio.FORMAT,
    "tagged-jsonl": tagged_jsonl.FORMAT,
    "jsonl": jsonl.FORMAT,
    "conll2012": conll2012.FORMAT,
    "conllu": conllu.FORMAT,
    "yedda": yedda.FORMAT,
    "iob-lines": iob_lines.FORMAT,
    "conll": conll.FORMAT,
    "table": table.FORMAT,
    "xlsx": xlsx.FORMAT,
    "text": text.FORMAT,
}
OUTPUTS: dict[str, Output] = {
    output.name: output
    for output in (
        # In the order in which a person is shown them.
        conll_writer.CONLL2003,
        conll_writer.CONLL2002,
        jsonl_writer.OUTPUT,
        doccano_writer.OUTPUT,
        prodigy_writer.OUTPUT,
        label_studio_writer.OUTPUT,
        brat_writer.OUTPUT,
        webanno_tsv_writer.OUTPUT,
        xmi_writer.OUTPUT,
        spacy_writer.OUTPUT,
        hugging_face_writer.OUTPUT,
    )
}

__all__ = [
    "FORMATS",
    "OUTPUTS",
    "UNJUDGED",
    "Format",
    "FormatError",
    "Loss",
    "Output",
    "ReadOptions",
    "Record",
    "Source",
    "WriteOptions",
    "WriteRefused",
    "find_format",
    "is_read_as_one",
    "read",
]


def find_format(source: Source, name: str = "auto") -> Format:
    """The named format, or the one that recognises the file.

    Raises:
        FormatError: no format has the name, or none recognises the file.
    """
    if name != "auto":
        if name in FORMATS:
            return FORMATS[name]
        known = ", ".join(FORMATS)
        sentence = _t("The format “{name}” is none of {known}.")
        raise FormatError(1, sentence.format(name=name, known=known))
    foreign.check(source)
    if source.is_collection:
        several = _format_of_several(source)
        return mixtures.format_of(source, several, _find_format_of_member)
    is_text = "\0" not in source.beginning()
    for format in FORMATS.values():
        if (is_text or format.is_binary) and format.recognises(source):
            return format
    if not is_text:
        raise FormatError(1, _t("The file is not text in UTF-8 or UTF-16."))
    sentence = _t("The file was not recognised; choose one of the formats {known}.")
    raise FormatError(1, sentence.format(known=", ".join(FORMATS)))


def _find_format_of_member(member: Source) -> Format:
    if not member.is_collection:
        return find_format(member)
    inner = _format_of_several(member)  # such as a workbook
    if inner:
        return inner
    # One zip may hold another without end.
    sentence = _t("{name} is a zip inside of another one: unpack it first.")
    raise FormatError(1, sentence.format(name=member.shown_name))


def _format_of_several(source: Source) -> Format | None:
    formats = (format for format in FORMATS.values() if format.takes_collections)
    return next((format for format in formats if format.recognises(source)), None)


def read(
    source: Source, format: Format, options: ReadOptions
) -> Iterator[Record | FormatError]:
    """All documents of a file that can be stored, and an error for each other one.

    Of a folder or zip every file is read, and named in its errors and notes.
    """
    if not source.is_collection or is_read_as_one(source, format):
        yield from _read_one(source, format, options)
        return
    last: Record | None = None  # waits for what is only known at the end
    ignored: list[str] = []
    notes: list[str] = []
    is_empty = True
    for item in _read_members(source, format, options, ignored, notes):
        is_empty = False
        if isinstance(item, FormatError):
            yield item
            continue
        if last:
            yield last
        last = item
    names = excerpt(", ".join(ignored), limit=200)
    if ignored and is_empty:
        sentence = _t("There are no documents, but descriptions of them: {names}.")
        yield FormatError(1, sentence.format(names=names))
    if ignored:
        sentence = _t("Not documents, but descriptions of them: {names}.")
        notes.append(sentence.format(names=names))
    if last:
        yield replace(last, notes=(*last.notes, *notes))


def is_read_as_one(source: Source, format: Format) -> bool:
    """Whether its reader takes all of a folder or zip; a workbook is a zip itself."""
    if not format.takes_collections:
        return False
    return not format.is_zip or format.recognises(source)


def _read_members(
    source: Source,
    format: Format,
    options: ReadOptions,
    ignored: list[str],
    notes: list[str],
) -> Iterator[Record | FormatError]:
    """What is in all files of a folder or zip; the names of the others go in a list.

    So do notes on files behind whose beginning there is no document.
    """
    try:
        for member in source.members():
            if format.ignores(member):
                ignored.append(member.shown_name)
                continue
            error = format.refuses(member)
            if error:
                yield _named(member, error)
                continue
            notes += member.notes
            for item in _read_one(member, format, options):
                item = _named(member, item)
                if notes and isinstance(item, Record):
                    item = replace(item, notes=(*notes, *item.notes))
                    notes.clear()
                yield item
    except FormatError as error:
        yield error


def _named(member: Source, item: Record | FormatError) -> Record | FormatError:
    name = member.shown_name
    if isinstance(item, FormatError):
        if item.message.startswith(f"{name} "):
            return item
        return FormatError(item.line, f"{name}: {item.message}")
    return replace(item, notes=tuple(f"{name}: {note}" for note in item.notes))


def _read_one(
    source: Source, format: Format, options: ReadOptions
) -> Iterator[Record | FormatError]:
    is_noted = False
    try:
        for record in format.read(source, options):
            if isinstance(record, Record):
                try:
                    check(record, options.may_overlap)
                except FormatError as error:
                    yield error
                    continue
                if not is_noted and record.suggestions and _has_unjudged(record):
                    is_noted = True
                    sentence = _t("Suggestions without a confidence: they get {value}.")
                    note = sentence.format(value=UNJUDGED)
                    record = replace(record, notes=(*record.notes, note))
            yield record
    except FormatError as error:
        yield error


def _has_unjudged(record: Record) -> bool:
    return any(span not in record.confidences for span in record.suggestions)
