"""Export a project's annotations with a receipt of all that is not exact."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from annotator import commandline
from annotator.commandline import find_project, find_user, write_result
from annotator.exports import ExportOptions, ExportRefused, export, write_receipt
from annotator.formats import WRITERS
from annotator.models.edits import State
from modeling.tagging import SCHEMES
from modeling.tokens import TOKEN_MODES


class Command(commandline.Command):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("project", help="name or number")
        parser.add_argument("--format", choices=[*WRITERS], required=True)
        parser.add_argument("--output", metavar="PATH", required=True)
        parser.add_argument("--scheme", choices=SCHEMES, default="iob2")
        parser.add_argument(
            "--tokens",
            choices=TOKEN_MODES,
            help="default: as imported where there are any, else the project's mode",
        )
        parser.add_argument(
            "--annotated-by",
            metavar="USER",
            help="or gold; default: gold, else whoever submitted last",
        )
        parser.add_argument(
            "--states", default=State.SUBMITTED.value, help="submitted,flagged,…"
        )
        parser.add_argument(
            "--strict",
            action="store_true",
            help="write nothing and exit 1 unless the file holds everything",
        )
        parser.add_argument("--json", action="store_true")

    def handle(self, **options: Any) -> None:
        project = find_project(options["project"])
        person = options["annotated_by"]
        if person not in (None, "gold"):
            find_user(person)
        how = ExportOptions(
            format=options["format"],
            scheme=options["scheme"],
            tokens=options["tokens"],
            annotated_by=person,
            states=tuple(options["states"].split(",")),
            strict=options["strict"],
        )
        path = options["output"]
        try:
            receipt = export(project, path, how)
            report = write_receipt(receipt, path)
        except ExportRefused as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"{path} cannot be written: {error}.") from error
        summary = (
            f"{path}: {receipt['documents']} documents with {receipt['spans']} spans, "
            f"{receipt['moved']} moved, {receipt['dropped']} dropped; see {report}."
        )
        write_result(self.stdout, receipt, summary, options["json"])
