"""Export a project's annotations with a receipt of all that is not exact."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from annotator import commandline, keeping
from annotator.commandline import find_project, find_user, write_result
from annotator.export_options import ExportOptions, ExportRefused, parse_ratio
from annotator.exports import export
from annotator.formats import OUTPUTS
from annotator.models import Export, Project
from annotator.models.edits import State
from annotator.receipts import write_receipt
from modeling.tagging import SCHEMES
from modeling.tokens import TOKEN_MODES

ALIASES = {"bio1": "iob1", "bio2": "iob2"}


class Command(commandline.Command):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("project", help="name or number")
        parser.add_argument("--format", choices=[*OUTPUTS], required=True)
        target = parser.add_mutually_exclusive_group(required=True)
        target.add_argument(
            "--output", metavar="PATH", help="a file, or a folder that exists"
        )
        target.add_argument(
            "--keep",
            action="store_true",
            help="to be fetched from the export page; the oldest that is not pinned "
            "makes room where there are KEEP_EXPORTS",
        )
        parser.add_argument(
            "--scheme",
            choices=SCHEMES,
            default="iob2",
            type=lambda name: ALIASES.get(name, name),
            help="bio1 and bio2 are understood too",
        )
        parser.add_argument(
            "--tokens",
            choices=TOKEN_MODES,
            help="default: as imported where there are any, else the project's mode",
        )
        _add_choices(parser)
        parser.add_argument(
            "--strict",
            action="store_true",
            help="write nothing and exit 1 unless the file holds everything",
        )
        parser.add_argument("--json", action="store_true")

    def handle(self, **options: Any) -> None:
        project = find_project(options["project"])
        try:
            facts, path, report = _export(project, options)
        except ExportRefused as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            where = options["output"] or Export.all_folders()
            raise CommandError(f"{where} cannot be written: {error}.") from error
        summary = (
            f"{path}: {facts['documents']} documents with {facts['spans']} spans, "
            f"{facts['moved']} moved, {facts['dropped']} dropped; see {report}."
        )
        removed = keeping.make_room(project) if options["keep"] else []
        for older in removed:
            made = f"{older.created_at:%Y-%m-%d %H:%M}"
            summary += f"\n{older.file} of {made} made room for it."
        write_result(self.stdout, facts, summary, options["json"])


def _add_choices(parser: CommandParser) -> None:
    """What of the project is exported."""
    parser.add_argument(
        "--annotated-by",
        metavar="USER",
        help="or gold, or all; user:gold is somebody called gold; default: gold, else "
        "whoever submitted last",
    )
    parser.add_argument(
        "--states", default=State.SUBMITTED.value, help="submitted,flagged,…"
    )
    parser.add_argument("--labels", default="", help="PER,LOC; default: all")
    parser.add_argument(
        "--suggestions",
        action="store_true",
        help="with what is suggested, where the format holds it",
    )
    parser.add_argument(
        "--split", default="", metavar="80/10/10", help="train, dev and test"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the split")


def _export(
    project: Project, options: dict[str, Any]
) -> tuple[dict[str, Any], Path, Path]:
    """The receipt, and where the data and its report are."""
    how = _how(options)
    if options["keep"]:
        kept = keeping.keep(project, how)
        return kept.facts, kept.path, kept.report
    path = Path(options["output"])
    receipt = export(project, path, how)
    report = write_receipt(receipt, path)
    return receipt.whole() if options["json"] else receipt.facts, path, report


def _how(options: dict[str, Any]) -> ExportOptions:
    wanted = ExportOptions(
        format=options["format"],
        scheme=options["scheme"],
        tokens=options["tokens"],
        annotated_by=options["annotated_by"],
        states=tuple(options["states"].split(",")),
        labels=tuple(filter(None, options["labels"].split(","))),
        has_suggestions=options["suggestions"],
        ratio=parse_ratio(options["split"]),
        seed=options["seed"],
        strict=options["strict"],
    )
    if wanted.person is not None:
        find_user(wanted.person)
    return wanted
