"""Create the demo projects; running it twice changes nothing."""

import json
from typing import Any

from django.core.management.base import CommandParser

from annotator import commandline
from annotator.demo.build import PEOPLE, build_all, password
from annotator.models.training import Trigger
from tasks.learning import learn_rules
from tasks.training import request_run


class Command(commandline.Command):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true")

    def handle(self, **options: Any) -> None:
        created = build_all()
        for project in created:
            request_run(project, Trigger.COMMAND)
            learn_rules.delay_on_commit(project.pk)
        if options["json"]:
            names = [project.name for project in created]
            line = {"created": names, "people": PEOPLE, "password": password()}
            self.stdout.write(json.dumps(line, ensure_ascii=False))
            return
        for project in created:
            self.stdout.write(
                f"Created “{project.name}” with {project.documents.count()} documents; "
                "a first model is queued for training."
            )
        if not created:
            self.stdout.write("The demo projects are there already.")
        self.stdout.write(f"Log in as {', '.join(PEOPLE)}; password {password()}")
