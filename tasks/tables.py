"""A report of simulations as Markdown tables."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any


def markdown(report: Mapping[str, Any]) -> str:
    """A part for each corpus and one for the differences between strategies."""
    parts = [
        part
        for name, corpus in report["corpora"].items()
        for part in _corpus(name, corpus, report["at"])
    ]
    parts += _differences(report["differences"])
    return "\n\n".join(parts) + "\n"


def _corpus(name: str, corpus: Mapping[str, Any], at: float) -> list[str]:
    full = corpus["full_f1"]
    f1 = (
        f"F1 of all of it {_f1(full)}"
        if full["reached"]
        else "all of it not trained on"
    )
    return [
        f"### {name}",
        f"{corpus['documents']:,} documents with {corpus['tokens']:,} tokens; {f1}.",
        _targets(corpus["strategies"], at),
        _rounds(corpus["strategies"]),
    ]


def _targets(strategies: Mapping[str, Any], at: float) -> str:
    chance = f"random's F1 at {at:.0%}"
    columns: list[tuple[str, str, Callable[[Mapping[str, Any]], str]]] = [
        (f"tokens for {chance}", "tokens_for_random", _share),
        ("entities for it, against random", "entities_against_random", _change),
        ("actions for it, against random", "actions_against_random", _change),
        ("minutes for it, against random", "minutes_against_random", _change),
        ("tokens to 95 % of full", "tokens_to_95", _share),
        ("against random", "tokens_to_95_against_random", _times),
        ("tokens to 99 % of full", "tokens_to_99", _share),
        ("against random", "tokens_to_99_against_random", _times),
        ("tokens along the curve", "tokens_along_the_curve", _change),
        ("entities along it", "entities_along_the_curve", _change),
        ("actions along it", "actions_along_the_curve", _change),
        ("minutes along it", "minutes_along_the_curve", _change),
        ("mean F1", "area", _f1),
    ]
    head = ["strategy", *(title for title, _, _ in columns)]
    rows = [
        [name, *(shown(found["measures"][key]) for _, key, shown in columns)]
        for name, found in strategies.items()
    ]
    return _table(head, rows)


def _rounds(strategies: Mapping[str, Any]) -> str:
    head = ["strategy", "round", "tokens", "entities", "actions", "minutes", "F1"]
    rows = [
        [
            name,
            str(played["round"]),
            f"{played['tokens']:,.0f} ({played['share']:.1%})",
            f"{played['entities']:,.0f}",
            f"{played['actions']:,.0f}",
            f"{played['minutes']:,.0f}",
            f"{_f1(played['f1'])} ({played['f1']['seeds']})",
        ]
        for name, found in strategies.items()
        for played in found["rounds"]
    ]
    return _table(head, rows)


def _differences(differences: Mapping[str, Mapping[str, Any]]) -> list[str]:
    names = [name for name, others in differences.items() if others]
    if not names:
        return []
    rows = [
        [name, *(_points(differences[name].get(other)) for other in names)]
        for name in names
    ]
    return [
        "### F1 at equal tokens",
        "Row minus column in points of F1, mean over corpora and seeds ± deviation; in "
        "brackets the lowest mean of a corpus.",
        _table(["strategy", *names], rows),
    ]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _points(difference: Mapping[str, Any] | None) -> str:
    if difference is None:
        return ""
    lowest = min(corpus["mean"] for corpus in difference["corpora"].values())
    shown = f"{100 * difference['mean']:+.1f}"
    if difference["deviation"] is not None:
        shown += f" ± {100 * difference['deviation']:.1f}"
    return f"{shown} [{100 * lowest:+.1f}]"


def _f1(summary: Mapping[str, Any]) -> str:
    return _shown(summary, lambda value: f"{value:.3f}", lambda d: f"{d:.3f}")


def _share(summary: Mapping[str, Any]) -> str:
    return _shown(summary, lambda v: f"{100 * v:.1f} %", lambda d: f"{100 * d:.1f}")


def _change(summary: Mapping[str, Any]) -> str:
    return _shown(
        summary, lambda v: f"{100 * (v - 1):+.0f} %", lambda d: f"{100 * d:.0f}"
    )


def _times(summary: Mapping[str, Any]) -> str:
    return _shown(summary, lambda v: f"{v:.2f}", lambda d: f"{d:.2f}")


def _shown(
    summary: Mapping[str, Any],
    mean: Callable[[float], str],
    deviation: Callable[[float], str],
) -> str:
    """Mean and deviation, or how many seeds got there."""
    if summary["mean"] is None:
        if not summary["reached"]:
            return "not reached"
        missed = summary["seeds"] - summary["reached"]
        return f"not reached ({missed} of {summary['seeds']})"
    if summary["deviation"] is None:
        return mean(summary["mean"])
    return f"{mean(summary['mean'])} ± {deviation(summary['deviation'])}"
