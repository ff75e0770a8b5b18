"""Create a project with its labels and its admin."""

from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError, CommandParser
from django.db import transaction

from annotator import commandline
from annotator.commandline import find_user, write_result
from annotator.models import Membership, Project
from annotator.models.projects import QueryStrategy, TokenMode

CUT_IN_CHARACTERS = ("zh", "ja")


class Command(commandline.Command):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--labels", default="", help="PER,LOC,…")
        parser.add_argument("--language", default="en", help="en, zh, … (BCP 47)")
        parser.add_argument(
            "--token-mode",
            choices=TokenMode.values,
            help="default: characters for Chinese and Japanese, else unicode-words",
        )
        parser.add_argument(
            "--encoder",
            default="",
            help="a Hugging Face name, a path, bundled, scratch, bilstm, idcnn",
        )
        parser.add_argument("--guideline", metavar="FILE", help="Markdown")
        parser.add_argument("--admin", metavar="USER", help="becomes its admin")
        parser.add_argument(
            "--retrain-every", type=int, default=20, metavar="N", help="documents"
        )
        parser.add_argument(
            "--query-strategy",
            choices=QueryStrategy.values,
            default=QueryStrategy.LOWEST_MARGINAL,
        )
        parser.add_argument("--json", action="store_true")

    @transaction.atomic
    def handle(self, **options: Any) -> None:
        language = options["language"]
        is_cut = language.lower().split("-")[0] in CUT_IN_CHARACTERS
        default_mode = TokenMode.CHARACTERS if is_cut else TokenMode.UNICODE_WORDS
        project = Project(
            name=options["name"],
            guideline=_text(options["guideline"]),
            language=language,
            encoder=options["encoder"],
            token_mode=options["token_mode"] or default_mode,
            query_strategy=options["query_strategy"],
            retrain_every=options["retrain_every"],
        )
        names = [name.strip() for name in options["labels"].split(",")]
        try:
            project.full_clean()
            project.save()
            labels = project.ensure_labels(name for name in names if name)
        except ValidationError as error:
            raise CommandError(_sentence(error)) from error
        if options["admin"]:
            user = find_user(options["admin"])
            Membership.objects.create(project=project, user=user, role="admin")
        result = {
            "project": project.pk,
            "name": project.name,
            "labels": list(labels),
            "token_mode": str(project.token_mode),
        }
        summary = (
            f"Project {project.pk} “{project}” is created with "
            f"{len(labels)} labels; tokens: {project.token_mode}."
        )
        write_result(self.stdout, result, summary, options["json"])


def _text(path: str | None) -> str:
    if path is None:
        return ""
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise CommandError(f"The guideline {path} cannot be read: {error}.") from error


def _sentence(error: ValidationError) -> str:
    field, messages = next(iter(error.message_dict.items()))
    return f"{field}: {messages[0]}"
