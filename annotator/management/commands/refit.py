"""Refit the head of the model in use to all answers and re-order the queue, now."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from annotator import commandline
from annotator.commandline import find_project, write_result
from tasks.fast_lane import refit_now


class Command(commandline.Command):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("project", help="name or number")
        parser.add_argument("--json", action="store_true")

    def handle(self, **options: Any) -> None:
        project = find_project(options["project"])
        checkpoint = project.active_checkpoint
        if checkpoint is None:
            raise CommandError(f"“{project}” has no model yet: retrain it first.")
        done = refit_now(checkpoint)
        if done is None:
            raise CommandError(f"The model of “{project}” is being refitted already.")
        if not done["documents"]:
            raise CommandError(
                f"“{project}” has no answers to learn from, or no document that the "
                "model has read and nobody answered."
            )
        result = {"checkpoint": checkpoint.pk} | done
        summary = (
            f"{done['documents']} documents of “{project}” are ordered anew after "
            f"{done['answers']} answers, in {done['seconds']:.1f} s."
        )
        write_result(self.stdout, result, summary, options["json"])
