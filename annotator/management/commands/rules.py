"""List a project's rules, add some, write them to a file, let them read the pool."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from annotator import commandline, rulebook, ruletable
from annotator.commandline import find_project, write_result
from annotator.models import Project, Rule
from tasks.learning import learn_rules
from tasks.rules import apply_rules


class Command(commandline.Command):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("project", help="name or number")
        parser.add_argument(
            "--add", nargs=2, metavar=("LABEL", "TEXT"), help="one dictionary entry"
        )
        parser.add_argument(
            "--pattern", action="store_true", help="TEXT is a regular expression"
        )
        parser.add_argument(
            "--exact", action="store_true", help="case counts where no line says so"
        )
        parser.add_argument(
            "--import", dest="table", metavar="FILE", help="label, tab, text a line"
        )
        parser.add_argument("--export", metavar="FILE", help="all rules in force")
        parser.add_argument(
            "--apply", action="store_true", help="here and now instead of by a worker"
        )
        parser.add_argument("--json", action="store_true")

    def handle(self, **options: Any) -> None:
        project = find_project(options["project"])
        try:
            added = rulebook.add(project, _entries(options), by=None)
        except rulebook.RuleRefused as error:
            raise CommandError(str(error)) from error
        if options["apply"]:
            learn_rules(project.pk)
        elif added.created or added.changed:
            apply_rules.delay_on_commit(project.pk)
            learn_rules.delay_on_commit(project.pk)
        if options["export"]:
            _export(project, options["export"])
        rules = list(project.rules.select_related("label"))
        result = {
            "created": added.created,
            "changed": added.changed,
            "unchanged": added.unchanged,
            "in_force": project.rules.in_force().count(),
            "suggestions": project.rules.filter(suggestions__isnull=False).count(),
            "rules": [_describe(rule) for rule in rules],
        }
        lines = [_line(rule) for rule in rules]
        lines.append(
            f"{len(rules)} rules of “{project}”, {result['in_force']} in use; "
            f"{added.created} created, {result['suggestions']} suggestions."
        )
        write_result(self.stdout, result, "\n".join(lines), options["json"])


def _entries(options: dict[str, Any]) -> list[rulebook.Entry]:
    entries = []
    if options["add"]:
        label, text = options["add"]
        kind = "pattern" if options["pattern"] else "dictionary"
        entries.append(rulebook.Entry(label, text, kind, options["exact"]))
    if options["table"]:
        path = Path(options["table"])
        try:
            lines = path.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{path} cannot be read: {error}.") from error
        entries += ruletable.parse(lines, is_case_sensitive=options["exact"])
    return entries


def _export(project: Project, path: str) -> None:
    rules = project.rules.in_force().select_related("label")
    try:
        with Path(path).open("w", encoding="utf-8") as file:
            file.writelines(ruletable.lines(rules))
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {error}.") from error


def _describe(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.pk,
        "label": rule.label.name,
        "kind": rule.kind,
        "text": rule.text,
        "is_case_sensitive": rule.is_case_sensitive,
        "is_learned": rule.is_learned,
        "is_active": rule.is_active,
        "problem": rule.problem,
        "accepted": rule.right,
        "rejected": rule.wrong,
        "confidence": round(rule.confidence, 4),
    }


def _line(rule: Rule) -> str:
    origin = "learned" if rule.is_learned else "written"
    state = rule.problem or ("on" if rule.is_active else "off")
    return (
        f"{rule.label.name}\t{rule.text}\t{rule.kind}\t{origin}\t{state}\t"
        f"{rule.right} accepted\t{rule.wrong} rejected"
    )
