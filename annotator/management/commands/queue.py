"""List the next documents of a project with their confidences."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from annotator import commandline
from annotator.commandline import find_project, write_result
from annotator.models import Document
from annotator.queue import MEASURES, reason_for_order, remaining

EXCERPT = 60
REASONS = {
    "cold": "a seeded shuffle: no model has read them yet",
    "random": "a seeded shuffle: the query strategy is random",
    "confidence": "the least certain first",
}


class Command(commandline.Command):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("project", help="name or number")
        parser.add_argument(
            "-n", type=int, default=20, dest="count", help="how many (default 20)"
        )
        parser.add_argument("--json", action="store_true")

    def handle(self, **options: Any) -> None:
        project = find_project(options["project"])
        if options["count"] < 1:
            raise CommandError("-n must be 1 or more.")
        waiting = remaining(project)
        documents = list(waiting[: options["count"]])
        reason = reason_for_order(project)
        result = {
            "project": project.name,
            "strategy": project.query_strategy,
            "order": reason,
            "exploration": project.exploration,
            "remaining": waiting.count(),
            "documents": [_row(document) for document in documents],
        }
        lines = [
            f"{result['remaining']} documents of “{project}” remain; "
            f"order: {REASONS[reason]} ({project.query_strategy})."
        ]
        if reason == "confidence" and project.exploration:
            lines.append(f"Of those served, {project.exploration:.0%} come by chance.")
        measure = MEASURES[project.query_strategy]
        lines += [_line(document, measure) for document in documents]
        write_result(self.stdout, result, "\n".join(lines), options["json"])


def _row(document: Document) -> dict[str, Any]:
    return {
        "document": document.pk,
        "external_id": document.external_id,
        "split": document.split,
        "confidence": document.confidence,
        "min_marginal": document.min_marginal,
        "mnlp": document.mnlp,
        "summed_uncertainty": document.summed_uncertainty,
        "min_span_posterior": document.min_span_posterior,
        "token_entropy": document.token_entropy,
        "margin": document.margin,
        "bald": document.bald,
        "text": document.text[:EXCERPT],
    }


def _line(document: Document, measure: str) -> str:
    value = getattr(document, measure)
    shown = "–" if value is None else f"{value:.4f}"
    text = " ".join(document.text[: EXCERPT * 2].split())[:EXCERPT]
    return f"{document.pk:>8}  {shown:>8}  {document.split:<10}  {text}"
