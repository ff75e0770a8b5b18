"""Start everything on this machine: web server, worker and beat in one terminal."""

import os
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError, CommandParser

from annotator import commandline
from annotator.demo.build import PEOPLE, password
from annotator.supervisor import HOST, Supervisor, port_is_free, static_files_are_fresh


class Command(commandline.Command):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", default=os.environ.get("PORT") or "8000")
        parser.add_argument("--no-demo", action="store_true")

    def handle(self, **options: Any) -> None:
        port = self._port(options["port"])
        call_command("migrate", verbosity=0)
        self._collect_static()
        greeting = ["", f"Marginalia is at http://{HOST}:{port}/"]
        if not options["no_demo"]:
            call_command("demo", stdout=self.stdout)
            greeting.append(f"Log in as {', '.join(PEOPLE)}; password {password()}")
        greeting.append("Ctrl-C ends the server, the worker and beat.")
        if status := Supervisor(port).run(greeting):
            raise CommandError("The web server ended by itself.", returncode=status)

    def _port(self, value: str) -> int:
        if not value.isdecimal() or not 0 < int(value) < 65536:
            raise CommandError(f"PORT={value!r} must be a number from 1 to 65535.")
        if not port_is_free(int(value)):
            raise CommandError(
                f"Port {value} is in use; choose another, for example PORT=8001."
            )
        return int(value)

    def _collect_static(self) -> None:
        stamp = Path(settings.STATIC_ROOT) / ".collected"
        sources = [settings.BASE_DIR / "annotator" / "static"]
        if not static_files_are_fresh(stamp, sources):
            call_command("collectstatic", interactive=False, verbosity=0)
            stamp.touch()
