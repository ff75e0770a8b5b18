"""Have the active checkpoint read every document it has not read yet."""

import time
from typing import Any

from django.core.management.base import CommandError, CommandParser

from annotator import commandline
from annotator.commandline import find_project, write_result
from tasks.prediction import preannotate_project


class Command(commandline.Command):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("project", help="name or number")
        parser.add_argument(
            "--wait", action="store_true", help="until every document is read"
        )
        parser.add_argument("--json", action="store_true")

    def handle(self, **options: Any) -> None:
        project = find_project(options["project"])
        checkpoint = project.active_checkpoint
        if checkpoint is None:
            raise CommandError(f"“{project}” has no model yet: retrain it first.")
        preannotate_project.delay(project.pk)
        unread = checkpoint.unread_documents()
        while options["wait"] and unread.exists():
            time.sleep(0.5)
            if project.active_checkpoint != checkpoint:
                raise CommandError("Another model took over while this one was read.")
        left = unread.count()
        result = {"checkpoint": checkpoint.pk, "unread": left}
        summary = f"{left} documents of “{project}” are still to be read."
        write_result(self.stdout, result, summary, options["json"])
