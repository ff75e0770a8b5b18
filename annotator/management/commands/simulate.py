"""Let a simulated annotator answer from labelled files: strategies, seeds, corpora."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import CommandError, CommandParser

from annotator import commandline, yardstick

if TYPE_CHECKING:  # pragma: no cover
    from tasks.simulation import Corpus, Settings

NUMBERS = {
    "--seed-size": (100, "documents annotated before the first round"),
    "--batch-size": (100, "documents annotated in every further round"),
    "--rounds": (5, "trainings"),
    "--seed": (0, "of the first documents and of training"),
    "--retrain-every": (1, "batches served between two trainings"),
    "--max-steps": (None, "of one training; default: as the worker"),
    "--tokens-per-batch": (None, "sub-tokens in a step; default: as the worker"),
    "--limit-pool": (None, "documents of the pool, drawn at random"),
    "--limit-test": (None, "test documents, drawn at random"),
    "--jobs": (1, "processes; each plays one corpus and seed at a time"),
}
SHARES = {
    "--holdout": (0.2, "share of the file that is the test, without a test file"),
    "--seed-share": (None, "share of the pool annotated before the first round"),
    "--batch-share": (None, "share of the pool annotated in every further round"),
    "--self-training": (
        None,
        "also learn from tokens of the pool with at least this probability",
    ),
    "--exploration": (0.0, "share of each batch that is drawn at random"),
}
FLAGS = {
    "--no-spaces": "join the tokens of all corpora without a space",
    "--full": "train on all of it as well",
    "--warm-start": "train from the model of the round before",
    "--no-duplicates": "no near-duplicates in one batch",
    "--json": "print one JSON object",
}


class Command(commandline.Command):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--train", type=Path, help="the only corpus")
        parser.add_argument("--test", type=Path)
        parser.add_argument(
            "--project", help="its own answers, by its strategy and at random"
        )
        parser.add_argument(
            "--corpus", action="append", default=[], metavar="NAME=TRAIN[:TEST]"
        )
        parser.add_argument(
            "--no-spaces-in", action="append", default=[], metavar="NAME"
        )
        parser.add_argument("--strategy", default="lowest_marginal")
        parser.add_argument("--strategies", help="several, with commas between")
        parser.add_argument("--seeds", help="several, with commas between")
        for flag, (default, what) in NUMBERS.items():
            parser.add_argument(flag, type=int, default=default, help=what)
        for flag, (share, what) in SHARES.items():
            parser.add_argument(flag, type=float, default=share, help=what)
        for flag, what in FLAGS.items():
            parser.add_argument(flag, action="store_true", help=what)
        parser.add_argument("--document", default="sentence")
        parser.add_argument("--encoder", default="bundled")
        parser.add_argument(
            "--recipe", default="{}", help="a name, or changes to the recipe as JSON"
        )
        parser.add_argument("--results", type=Path, metavar="FILE.csv")
        parser.add_argument("--picture", type=Path, metavar="FILE.svg")
        parser.add_argument(
            "--report", type=Path, nargs="+", metavar="FILE.csv", help="what was found"
        )
        parser.add_argument(
            "--at",
            type=float,
            default=0.2,
            help="share whose F1 counts",
        )

    def handle(self, **options: Any) -> None:
        _check(options)
        try:
            if options["report"]:
                self._report(options)
            else:
                self._play(options)
        except ValueError as error:
            raise CommandError(str(error)) from error

    def _play(self, options: dict[str, Any]) -> None:
        from tasks.simulation import FAILURES

        try:
            if options["project"]:
                self._play_project(options["project"])
                return
            corpora, settings = self._corpora(options), self._settings(options)
            if options["results"]:
                self._play_grid(options, corpora, settings)
            else:
                self._play_one(options, corpora, settings)
        except FAILURES as error:
            raise CommandError(str(error)) from error

    def _corpora(self, options: dict[str, Any]) -> "tuple[Corpus, ...]":
        # Loads torch: only this command of the web side needs the model.
        from tasks.simulation import Corpus

        places = dict(_place(value) for value in options["corpus"])
        if options["train"]:
            places[options["train"].stem] = (options["train"], options["test"])
        if not places:
            raise CommandError("Name a corpus with --corpus or --train.")
        unknown = [n for n in options["no_spaces_in"] if n not in places]
        if unknown:
            raise CommandError(f"There is no corpus “{unknown[0]}” to join.")
        for path in (path for pair in places.values() for path in pair):
            if path and not path.exists():
                raise CommandError(f"There is no file “{path}”.")
        return tuple(
            Corpus(
                name=name,
                train=train,
                test=test,
                holdout=options["holdout"],
                document=options["document"],
                joins_tokens_with=""
                if options["no_spaces"] or name in options["no_spaces_in"]
                else " ",
                limit_pool=options["limit_pool"],
                limit_test=options["limit_test"],
            )
            for name, (train, test) in places.items()
        )

    def _settings(self, options: dict[str, Any]) -> "Settings":
        from tasks.simulation import Settings, read_recipe

        return Settings(
            seed_size=options["seed_share"] or options["seed_size"],
            batch_size=options["batch_share"] or options["batch_size"],
            retrain_every=options["retrain_every"],
            encoder=options["encoder"],
            max_steps=options["max_steps"],
            tokens_per_batch=options["tokens_per_batch"],
            recipe=read_recipe(options["recipe"]),
            exploration=options["exploration"],
            has_duplicates=not options["no_duplicates"],
            is_warm=options["warm_start"],
            self_training=options["self_training"],
        )

    def _play_grid(
        self,
        options: dict[str, Any],
        corpora: "tuple[Corpus, ...]",
        settings: "Settings",
    ) -> None:
        from tasks.grid import FULL, Grid, print_row

        named = options["strategies"] or options["strategy"]
        strategies = [name.strip() for name in named.split(",")]
        if options["full"]:
            strategies = [*strategies, FULL]
        seeds = options["seeds"] or str(options["seed"])
        grid = Grid(
            corpora=corpora,
            strategies=tuple(dict.fromkeys(strategies)),
            seeds=tuple(_number(seed) for seed in seeds.split(",")),
            rounds=options["rounds"],
            settings=settings,
            results=options["results"],
        )
        grid.run(options["jobs"], None if options["json"] else print_row)
        if options["picture"]:
            from tasks.picture import draw

            draw([options["results"]], options["picture"])

    def _play_project(self, name: str) -> None:
        from tasks.grid import print_row
        from tasks.yardstick import measure

        project = commandline.find_project(name)
        if obstacle := yardstick.obstacle(project):
            raise CommandError(obstacle)
        measure(project, print_row)
        self.stdout.write(f"The curves of “{project}” are on its training page.")

    def _report(self, options: dict[str, Any]) -> None:
        from tasks.picture import draw
        from tasks.report import report
        from tasks.tables import markdown

        found = report(options["report"], options["at"])
        text = json.dumps(found) if options["json"] else markdown(found)
        self.stdout.write(text)
        if options["picture"]:
            draw(options["report"], options["picture"])

    def _play_one(
        self,
        options: dict[str, Any],
        corpora: "tuple[Corpus, ...]",
        settings: "Settings",
    ) -> None:
        if len(corpora) > 1 or options["strategies"] or options["seeds"]:
            raise CommandError("Several runs need a table: give --results FILE.csv.")
        from tasks.simulation import play

        result = play(
            corpora[0],
            settings.protocol,
            strategy=options["strategy"],
            seed=options["seed"],
            rounds=options["rounds"],
            is_full_wanted=options["full"],
            on_round=None if options["json"] else self._print_round,
        )
        if options["json"]:
            self.stdout.write(json.dumps(result))
        elif options["full"]:
            self.stdout.write(f"All of it: F1 {result['full_data_f1']:.3f}")

    def _print_round(self, state: Any, trained: Any) -> None:
        row = asdict(state.rounds[-1])
        if row["round"] == 1:
            self.stdout.write(
                "round  documents  tokens  entities  minutes     F1  seconds"
            )
        seconds = row["train_seconds"] + row["score_seconds"]
        self.stdout.write(
            f"{row['round']:5}  {row['documents']:9}  {row['tokens']:6}  "
            f"{row['entities']:8}  {row['minutes']:7.0f}  {row['f1']:.3f}  "
            f"{seconds:7.1f}"
        )


def _check(options: dict[str, Any]) -> None:
    """Refuse numbers that mean nothing."""
    for flag in SHARES:
        share = options[flag.removeprefix("--").replace("-", "_")]
        if share is not None and not 0 <= share <= 1:
            raise CommandError(f"{flag} is a share from 0 to 1, not {share}.")
    for flag in NUMBERS:
        number = options[flag.removeprefix("--").replace("-", "_")]
        if number is not None and number < (0 if flag == "--seed" else 1):
            raise CommandError(f"{flag} is a number from 1 on, not {number}.")


def _place(value: str) -> tuple[str, tuple[Path, Path | None]]:
    """Read NAME=TRAIN[:TEST]."""
    name, equals, paths = value.partition("=")
    if not equals or not name or "/" in name:
        raise CommandError(f"“{value}” is not NAME=TRAIN[:TEST].")
    train, _, test = paths.partition(":")
    return name, (Path(train), Path(test) if test else None)


def _number(text: str) -> int:
    if not text.strip().isdigit():
        raise CommandError(f"“{text}” is no seed: seeds are numbers from 0.")
    return int(text)
