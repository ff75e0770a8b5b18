"""Queue a training run for a project."""

import time
from typing import Any

from django.core.management.base import CommandError, CommandParser

from annotator import commandline
from annotator.commandline import find_project, write_result
from annotator.models import TrainingRun
from annotator.models.jobs import RunState
from annotator.models.training import Trigger
from tasks.training import request_run


class Command(commandline.Command):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("project", help="name or number")
        parser.add_argument(
            "--wait", action="store_true", help="until a worker has finished the run"
        )
        parser.add_argument("--json", action="store_true")

    def handle(self, **options: Any) -> None:
        project = find_project(options["project"])
        run = request_run(project, Trigger.COMMAND)
        if options["wait"]:
            run = self._wait(run, is_quiet=options["json"])
        result = {"run": run.pk, "state": run.state, "metrics": run.metrics}
        write_result(self.stdout, result, self._summary(run), options["json"])
        if run.state == RunState.FAILED:
            raise CommandError(run.error)

    def _wait(self, run: TrainingRun, *, is_quiet: bool) -> TrainingRun:
        shown = ""
        while run.is_active:
            time.sleep(0.5)
            run.refresh_from_db()
            line = f"{run.phase} {run.step}/{run.total_steps}"
            if line != shown and not is_quiet:
                self.stdout.write(line)
                shown = line
        return run

    @staticmethod
    def _summary(run: TrainingRun) -> str:
        summary = f"Run {run.pk} of “{run.project}” is {run.state}."
        if run.metrics.get("f1") is not None:
            summary += f" F1 {run.metrics['f1']:.3f} on the evaluation slice."
        return f"{summary} {run.metrics.get('reason', '')}".strip()
