"""What the commands share: finding things by name, and printing results."""

import json
import sys
from typing import Any, NoReturn

from django.contrib.auth.models import User
from django.core.management.base import (
    BaseCommand,
    CommandError,
    CommandParser,
    OutputWrapper,
)

from annotator.models import Project


class Command(BaseCommand):
    """A command that ends with status 1 and one sentence on bad input."""

    def create_parser(
        self, prog_name: str, subcommand: str, **kwargs: Any
    ) -> CommandParser:
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        if getattr(self, "_called_from_command_line", False):
            # argparse has no other way to say how it ends.
            parser.error = _refuse  # type: ignore[method-assign]
        return parser


def _refuse(message: str) -> NoReturn:
    """What argparse has to say, without the usage and with our status."""
    sys.exit(f"CommandError: {message}")


def find_project(name_or_number: str) -> Project:
    """The project of that name, else of that number.

    Raises:
        CommandError: there is none.
    """
    project = Project.objects.filter(name=name_or_number).first()
    if project is None and name_or_number.isascii() and name_or_number.isdigit():
        project = Project.objects.filter(pk=int(name_or_number[:18])).first()
    if project is None:
        raise CommandError(f"There is no project “{name_or_number}”.")
    return project


def find_user(name: str) -> User:
    user = User.objects.filter(username=name).first()
    if user is None:
        raise CommandError(f"There is no user “{name}”.")
    return user


def write_result(
    stdout: OutputWrapper, result: dict[str, Any], summary: str, as_json: bool
) -> None:
    """Print one JSON object or the summary."""
    text = json.dumps(result, ensure_ascii=False, default=str) if as_json else summary
    stdout.write(text)
