"""Import files into a project; with bad lines a file stores nothing."""

import csv
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from annotator import commandline
from annotator.commandline import find_project, find_user, write_result
from annotator.export_options import USER
from annotator.formats import FORMATS
from annotator.imports import (
    ERRORS_SHOWN,
    NOTES_SHOWN,
    ImportReport,
    import_file,
)
from annotator.models import Project
from annotator.models.documents import Split
from annotator.opening import ImportOptions, bad_lines
from tasks.learning import learn_rules
from tasks.prediction import preannotate_project
from tasks.training import retrain_if_due


class Command(commandline.Command):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("project", help="name or number")
        parser.add_argument("files", nargs="+", metavar="FILE", help="or folder")
        parser.add_argument("--format", choices=["auto", *FORMATS], default="auto")
        parser.add_argument(
            "--split",
            choices=Split.values,
            help="default: chance fills the evaluation slice",
        )
        parser.add_argument(
            "--annotated-by",
            metavar="USER",
            help="whose the file's annotations are, gold, or suggestions; user:gold is "
            "somebody called gold; default: not stored",
        )
        parser.add_argument(
            "--encoding", default="", help="such as GB18030; default: look for it"
        )
        parser.add_argument(
            "--document",
            default="sentence",
            help="sentence, docstart, file or blank-lines:N (text: sentence is a line)",
        )
        parser.add_argument(
            "--text-column",
            default="",
            metavar="NAME",
            help="of a table: heading or number; of JSON lines: key; of CoNLL: numbers "
            "of token and tag, such as 1/4; default: look for it",
        )
        parser.add_argument(
            "--new-labels",
            choices=["create", "refuse"],
            default="create",
            help="what happens to labels that the project does not have",
        )
        parser.add_argument(
            "--skip-bad", action="store_true", help="import the good documents anyway"
        )
        parser.add_argument(
            "--errors", metavar="FILE", help="gets all bad lines, as CSV"
        )
        parser.add_argument("--json", action="store_true")

    def handle(self, **options: Any) -> None:
        project = find_project(options["project"])
        person = options["annotated_by"]
        if person not in (None, "gold", "suggestions"):
            person = find_user(person.removeprefix(USER))
        how = ImportOptions(
            format=options["format"],
            split=options["split"],
            annotated_by=person,
            document=options["document"],
            skip_bad=options["skip_bad"],
            encoding=options["encoding"],
            text_column=options["text_column"],
            creates_labels=options["new_labels"] == "create",
        )
        missing = [name for name in options["files"] if not Path(name).exists()]
        if missing:
            raise CommandError(f"There is no file {missing[0]}.")
        reports = {name: import_file(name, project, how) for name in options["files"]}
        if project.active_checkpoint and any(r.created for r in reports.values()):
            preannotate_project.delay_on_commit(project.pk)
        learn_rules.delay_on_commit(project.pk)
        if person is not None:
            retrain_if_due.delay_on_commit(project.pk)
        if options["errors"]:
            _write_errors(Path(options["errors"]), reports, project, how)
        result = {"files": {name: asdict(r) for name, r in reports.items()}}
        summary = "\n".join(_summary(name, r) for name, r in reports.items())
        write_result(self.stdout, result, summary, options["json"])
        refused = [name for name, report in reports.items() if not report.is_stored]
        if refused:
            raise CommandError(_refusal(refused[0], reports[refused[0]]))


def _write_errors(
    path: Path, reports: dict[str, ImportReport], project: Project, how: ImportOptions
) -> None:
    """All bad lines; the files that have some are read once more."""
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["file", "line", "what is wrong"])
            for name, report in reports.items():
                found = bad_lines(name, project, how) if report.error_count else ()
                writer.writerows((name, *error) for error in found)
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {error}.") from error


def _summary(name: str, report: ImportReport) -> str:
    lines = [
        f"{name}, line {line}: {message}"
        for line, message in report.errors[:ERRORS_SHOWN]
    ]
    if report.error_count > ERRORS_SHOWN:
        more = report.error_count - ERRORS_SHOWN
        lines.append(f"{name}: {more} more bad lines; --errors FILE gets them all.")
    lines += [
        f"{name}, line {line}: {note}" for line, note in report.notes[:NOTES_SHOWN]
    ]
    if report.note_count > NOTES_SHOWN:
        lines.append(f"{name}: {report.note_count - NOTES_SHOWN} more notes.")
    if report.is_stored:
        read_as = f"{report.format}, {report.encoding}"
        lines.append(
            f"{name}: {report.created} documents created ({read_as}), "
            f"{report.duplicates} were there already, {report.spans} spans stored, "
            f"{report.suggestions} suggestions stored, "
            f"{report.evaluation} moved to the evaluation slice."
        )
    if report.labels_created:
        lines.append(f"New labels: {', '.join(report.labels_created)}.")
    if report.spans_not_stored:
        lines.append(
            f"{report.spans_not_stored} spans of the file were not stored: say whose "
            "they are with --annotated-by; answers that are there already stay."
        )
    if report.suggestions_not_stored:
        lines.append(
            f"{report.suggestions_not_stored} suggestions of the file were not stored: "
            "their documents are annotated or in the evaluation slice."
        )
    return "\n".join(lines)


def _refusal(name: str, report: ImportReport) -> str:
    line, message = report.errors[0]
    return (
        f"{name} was not imported: {report.error_count} bad lines, "
        f"first line {line}: {message}"
    )
