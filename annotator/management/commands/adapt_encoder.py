"""Let an encoder read the texts of files before training; labels do not matter."""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from annotator import commandline
from annotator.commandline import write_result
from annotator.formats import FORMATS, FormatError, ReadOptions, Source, find_format
from annotator.formats import read as read_records


class Command(commandline.Command):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
        parser.add_argument(
            "--output", type=Path, required=True, help="a folder that is not there yet"
        )
        parser.add_argument("--encoder", default="bundled")
        parser.add_argument("--format", choices=["auto", *FORMATS], default="auto")
        parser.add_argument("--document", default="sentence")
        parser.add_argument(
            "--no-spaces", action="store_true", help="join tokens without a space"
        )
        parser.add_argument(
            "--sub-tokens",
            type=int,
            default=settings.ADAPTATION_SUB_TOKENS,
            help="read in all, each text as often as it takes",
        )
        parser.add_argument("--seed", type=int, default=0)
        parser.add_argument("--json", action="store_true", help="of the summary")

    def handle(self, **options: Any) -> None:
        from tasks.adaptation import CannotAdapt, adapt_to_texts

        output: Path = options["output"]
        if output.exists():
            raise CommandError(f"There is something at {output} already.")
        try:
            done = adapt_to_texts(
                list(_texts(options)),
                output,
                encoder=options["encoder"],
                sub_tokens=options["sub_tokens"],
                seed=options["seed"],
            )
        except CannotAdapt as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"{output}: {error}.") from error
        told = (
            f"{done.texts} texts, {done.sub_tokens} sub-tokens, read "
            f"{done.passes:.1f} times in {done.seconds:.0f} s; nats a masked "
            f"sub-token {done.loss_before:.2f} at first, {done.loss_after:.2f} at last."
        )
        write_result(self.stdout, asdict(done), told, options["json"])


def _texts(options: dict[str, Any]) -> Iterator[str]:
    """The texts of all documents; the first bad line ends everything."""
    how = ReadOptions(options["document"], "" if options["no_spaces"] else " ")
    for path in options["files"]:
        if not path.is_file():
            raise CommandError(f"There is no file {path}.")
        source = Source(path)
        try:
            for record in read_records(
                source, find_format(source, options["format"]), how
            ):
                if isinstance(record, FormatError):
                    raise record
                yield record.text
        except FormatError as error:
            raise CommandError(f"{path}, {error}") from error
