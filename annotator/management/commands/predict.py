"""Let a checkpoint read a file: JSON lines, or CoNLL columns, with its spans."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser, OutputWrapper

from annotator import commandline
from annotator.formats import (
    FORMATS,
    OUTPUTS,
    FormatError,
    ReadOptions,
    Record,
    Source,
    WriteOptions,
    find_format,
    read,
)
from annotator.formats.jsonl_writer import DIGITS, as_json
from annotator.models import Checkpoint
from modeling.tagging import SCHEMES
from modeling.tokens import TOKEN_MODES
from tasks.files import CannotPredict, Model, Predicted, predict_records, token_mode_of

# What is written document by document, as it is read.
LINES = [output.name for output in OUTPUTS.values() if output.is_lines]
CHARACTERS = "characters"
Write = Callable[[bytes], Any]


class Command(commandline.Command):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("checkpoint", help="a version's number, or a folder")
        parser.add_argument("file", metavar="FILE")
        parser.add_argument("--format", choices=["auto", *FORMATS], default="auto")
        parser.add_argument("--output", metavar="PATH", help="default: standard output")
        parser.add_argument("--to", choices=LINES, default="jsonl")
        parser.add_argument("--scheme", choices=SCHEMES, default="iob2")
        parser.add_argument(
            "--document",
            default="sentence",
            help="sentence, docstart, file or blank-lines:N (text: sentence is a line)",
        )
        parser.add_argument(
            "--tokens", choices=TOKEN_MODES, help="default: as the model was trained"
        )
        parser.add_argument("--json", action="store_true", help="of the summary")

    def handle(self, **options: Any) -> None:
        path = Path(options["file"])
        if not path.is_file():
            raise CommandError(f"There is no file {path}.")
        try:
            model = find_model(options["checkpoint"], options["tokens"])
            tagger = model.load(settings.DEVICE)
            reading = ReadOptions(options["document"], model.joins_tokens_with)
            records = _records(path, options["format"], reading)
            found = predict_records(model, tagger, records)
            with _output(options["output"], self.stdout) as write:
                result = _write(found, write, options["to"], options["scheme"])
        except CannotPredict as error:
            raise CommandError(str(error)) from error
        except FormatError as error:
            raise CommandError(f"{path}, {error}") from error
        except OSError as error:
            raise CommandError(f"{options['output']}: {error}.") from error
        self._report(result, options)

    def _report(self, result: dict[str, int], options: dict[str, Any]) -> None:
        """Beside the predictions on standard output, and not between them."""
        target = self.stdout if options["output"] else self.stderr
        summary = f"{result['documents']} documents with {result['spans']} spans."
        if result["changed"]:
            summary += f" {result['changed']} things that {options['to']} cannot hold."
        text = json.dumps(result) if options["json"] else summary
        target.write(text, lambda line: line, ending="\n")


def find_model(name: str, tokens: str | None) -> Model:
    """The checkpoint of that number, else the folder of that name.

    Raises:
        CommandError: there is neither, or its weights are gone.
        CannotPredict: the folder holds no checkpoint.
    """
    if not (name.isascii() and name.isdigit()):
        folder = Path(name)
        mode = tokens or token_mode_of(folder)
        return Model(folder, mode, joins_tokens_with="" if mode == CHARACTERS else " ")
    checkpoint = Checkpoint.objects.filter(pk=int(name[:18])).first()
    if checkpoint is None:
        raise CommandError(f"There is no version {name}.")
    if not checkpoint.folder:
        raise CommandError(f"The weights of version {name} are no longer kept.")
    project = checkpoint.project
    today = dict(project.labels.values_list("pk", "name"))
    return Model(
        checkpoint.path,
        tokens or project.token_mode,
        {old: today[pk] for old, pk in checkpoint.labels.items() if pk in today},
        checkpoint.corpus_mean,
        project.joins_tokens_with,
    )


def _records(path: Path, format_name: str, how: ReadOptions) -> Iterator[Record]:
    """The file's documents; the first bad line ends everything."""
    source = Source(path)
    format = find_format(source, format_name)
    for record in read(source, format, how):
        if isinstance(record, FormatError):
            raise record
        yield record


@contextmanager
def _output(path: str | None, stdout: OutputWrapper) -> Iterator[Write]:
    """Standard output, or a file that is there only when all of it is."""
    if path is None:
        yield lambda data: stdout.write(data.decode(), ending="")
        return
    partial = Path(f"{path}.part")
    try:
        with partial.open("wb") as file:
            yield file.write
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def _write(
    found: Iterator[Predicted], write: Write, to: str, scheme: str
) -> dict[str, int]:
    counts = {"documents": 0, "spans": 0, "changed": 0}
    how = WriteOptions(scheme=scheme)
    for predicted in found:
        counts["documents"] += 1
        counts["spans"] += len(predicted.record.spans)
        if to == "jsonl":
            write(_line(predicted))
            continue
        buffer: IO[bytes] = BytesIO()
        losses = OUTPUTS[to].write([predicted.record], buffer, how)
        counts["changed"] += sum(1 for _ in losses)
        buffer.seek(0)
        write(buffer.read())
    return counts


def _line(predicted: Predicted) -> bytes:
    value = as_json(predicted.record)
    value.pop("tokens", None)
    value.pop("sentence_starts", None)
    for span, confidence in zip(value["spans"], predicted.confidences, strict=True):
        span["confidence"] = round(confidence, DIGITS)
    value["confidence"] = round(predicted.confidence, DIGITS)
    return json.dumps(value, ensure_ascii=False, allow_nan=False).encode() + b"\n"
