"""Compare advice to stop and forecasts with what simulated rounds then measured."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from annotator import commandline
from annotator.commandline import write_result


class Command(commandline.Command):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "table", type=Path, nargs="+", help="CSV that simulate has written"
        )
        parser.add_argument("--json", action="store_true")

    def handle(self, **options: Any) -> None:
        from tasks.hindsight import TableError, look_back

        try:
            result = look_back(options["table"])
        except (OSError, UnicodeDecodeError, TableError) as error:
            raise CommandError(str(error)) from None
        if not (result["forecasts"] or result["stopping_by_agreement"]["curves"]):
            raise CommandError("No curve has the four or five rounds of a check.")
        write_result(self.stdout, result, _summary(result), options["json"])


def _summary(result: dict[str, Any]) -> str:
    lines = [_line(name, one) for name, one in result["corpora"].items()]
    return "\n".join([*lines, _line("all", result)])


def _line(name: str, one: dict[str, Any]) -> str:
    """What one corpus says of the forecasts and of the agreement of models."""
    parts = []
    if one["forecasts"]:
        parts = [
            f"{one['forecasts']} forecasts",
            f"{one['coverage']:.1%} of the measurements in an interval of "
            f"{one['mean_width']:.2f} points F1",
            f"error {one['mean_absolute_error']:.2f} (no gain: "
            f"{one['error_of_no_gain']:.2f}, same again: "
            f"{one['error_of_same_again']:.2f}), bias {one['mean_error']:+.2f}",
            _stops(one["stopping"]),
        ]
    if one["stopping_by_agreement"]["curves"]:
        parts.append(
            f"by the agreement of models {_stops(one['stopping_by_agreement'])}"
        )
    return f"{name}: {'; '.join(parts) or 'no curve is long enough'}."


def _stops(stopping: dict[str, Any]) -> str:
    """What stopping early would have saved and cost."""
    line = f"{stopping['stopped']} of {stopping['curves']} curves stopped"
    if stopping["stopped"]:
        line += (
            f", {stopping['documents_saved']:.0%} of documents saved, "
            f"{stopping['f1_lost']:.2f} points lost"
        )
    return line
