"""Show the settings of a project, or change some as its settings page does."""

from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import CommandError, CommandParser
from django.db import transaction
from django.forms import BooleanField

from annotator import commandline
from annotator.commandline import find_project, write_result
from annotator.forms.recipe import SettingsForm
from annotator.models import Project
from tasks.learning import learn_rules
from tasks.prediction import preannotate_project

SWITCH = {"on": True, "off": False}


class Command(commandline.Command):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("project", help="name or number")
        parser.add_argument(
            "--set",
            action="append",
            default=[],
            metavar="KEY=VALUE",
            help="again for each; nothing behind = is the default; partners are "
            "names or numbers with commas between, switches are on or off",
        )
        parser.add_argument("--json", action="store_true")

    def handle(self, **options: Any) -> None:
        project = find_project(options["project"])
        if options["set"]:
            _change(project, options["set"])
            project.refresh_from_db()
        settings = _shown(project)
        result = {"project": project.pk, "name": project.name, "settings": settings}
        summary = "\n".join(f"{key}={_told(value)}" for key, value in settings.items())
        write_result(self.stdout, result, summary, options["json"])


@transaction.atomic
def _change(project: Project, wanted: list[str]) -> None:
    """Send the form of the page with all values as they are, but for the wanted."""
    data = _values(project)
    data |= dict(_parsed(one, list(data)) for one in wanted)
    form = _form(project, data)
    if not form.is_valid():
        key, sentences = next(iter(form.errors.items()))
        raise CommandError(f"{key}: {sentences[0]}")
    form.save()
    preannotate_project.delay_on_commit(project.pk)
    learn_rules.delay_on_commit(project.pk)


def _form(project: Project, data: dict[str, Any] | None = None) -> SettingsForm:
    """The form of the page, as a superuser has it: commands may change everything."""
    return SettingsForm(data, instance=project, by=User(is_superuser=True))


def _values(project: Project) -> dict[str, Any]:
    """What the page would send if nobody touched it, by field."""
    form = _form(project)
    values = {field.name: field.value() for field in form.general + form.training}
    return values | {"partners": [one.pk for one in project.partners.order_by("pk")]}


def _shown(project: Project) -> dict[str, Any]:
    """The settings with partners by their names."""
    names = [one.name for one in project.partners.order_by("pk")]
    return _values(project) | {"partners": names}


def _told(value: Any) -> str:
    if isinstance(value, bool):
        return next(word for word, state in SWITCH.items() if state is value)
    if isinstance(value, list):
        return ",".join(value)
    return "" if value is None else str(value)


def _parsed(text: str, known: list[str]) -> tuple[str, Any]:
    """A key and what the form is sent for it."""
    key, is_set, value = text.partition("=")
    if not is_set:
        raise CommandError(f"“{text}” is no setting: write KEY=VALUE.")
    if key not in known:
        raise CommandError(f"There is no setting “{key}”; known: {', '.join(known)}.")
    if key == "partners":
        names = [name.strip() for name in value.split(",") if name.strip()]
        return key, [find_project(name).pk for name in names]
    if isinstance(SettingsForm.base_fields[key], BooleanField):
        if value not in SWITCH:
            raise CommandError(f"The setting “{key}” is on or off, not “{value}”.")
        return key, SWITCH[value]
    return key, value
