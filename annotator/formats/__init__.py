"""The registries of what is read and written; a new one is a module and a line."""

from collections.abc import Iterator
from dataclasses import replace

from django.utils.translation import gettext as _t

from annotator.formats import (
    bioc,
    brat,
    brat_writer,
    conll,
    conll_writer,
    doccano_writer,
    hugging_face_writer,
    jsonl,
    jsonl_writer,
    label_studio,
    label_studio_writer,
    prodigy_writer,
    pubannotation,
    pubtator,
    spacy_writer,
    table,
    text,
    webanno_tsv,
    webanno_tsv_writer,
    xlsx,
)
from annotator.formats.errors import WriteRefused
from annotator.formats.records import (
    Format,
    Loss,
    Output,
    ReadOptions,
    Record,
    WriteOptions,
    check,
)
from annotator.formats.source import FormatError, Source

FORMATS: dict[str, Format] = {
    # In the order in which a file is shown to them when it has to be recognised.
    "webanno-tsv": webanno_tsv.FORMAT,
    "pubtator": pubtator.FORMAT,
    "bioc": bioc.FORMAT,
    "pubannotation": pubannotation.FORMAT,
    "brat": brat.FORMAT,
    "label-studio": label_studio.FORMAT,
    "jsonl": jsonl.FORMAT,
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
        spacy_writer.OUTPUT,
        hugging_face_writer.OUTPUT,
    )
}

__all__ = [
    "FORMATS",
    "OUTPUTS",
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
    if source.is_collection:
        return _find_format_of_collection(source)
    is_text = "\0" not in source.beginning()
    for format in FORMATS.values():
        if (is_text or format.is_binary) and format.recognises(source):
            return format
    if not is_text:
        raise FormatError(1, _t("The file is not text in UTF-8 or UTF-16."))
    sentence = _t("The file was not recognised; choose one of the formats {known}.")
    raise FormatError(1, sentence.format(known=", ".join(FORMATS)))


def _find_format_of_collection(source: Source) -> Format:
    """A format of several files, or else that of the first file in it."""
    for format in FORMATS.values():
        if format.takes_collections and format.recognises(source):
            return format
    for member in source.members():
        return find_format(member)
    sentence = _t("There is no file in {name}.")
    raise FormatError(1, sentence.format(name=source.shown_name))


def read(
    source: Source, format: Format, options: ReadOptions
) -> Iterator[Record | FormatError]:
    """All documents of a file that can be stored, and an error for each other one.

    Of a folder or zip every file is read, and named in its errors and notes.
    """
    if not source.is_collection or format.takes_collections:
        yield from _read_one(source, format, options)
        return
    try:
        for member in source.members():
            for item in _read_one(member, format, options):
                yield _named(member, item)
    except FormatError as error:
        yield error


def _named(member: Source, item: Record | FormatError) -> Record | FormatError:
    name = member.shown_name
    if isinstance(item, FormatError):
        return FormatError(item.line, f"{name}: {item.message}")
    return replace(item, notes=tuple(f"{name}: {note}" for note in item.notes))


def _read_one(
    source: Source, format: Format, options: ReadOptions
) -> Iterator[Record | FormatError]:
    try:
        for record in format.read(source, options):
            if isinstance(record, Record):
                try:
                    check(record, options.may_overlap)
                except FormatError as error:
                    yield error
                    continue
            yield record
    except FormatError as error:
        yield error
