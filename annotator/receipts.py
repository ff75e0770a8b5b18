"""The receipt of an export: what is in the file, and all that is not exact."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import Any

from django.utils.translation import gettext as _t

from annotator.formats import Loss

IN_MEMORY = 1024**2  # bytes of changes, before they go to the disk
REPORT = "report.json"


class Changes:
    """Everything of an export that is not as it was; there may be very many."""

    def __init__(self) -> None:
        self.kinds: Counter[str] = Counter()
        self._first: dict[str, Any] = {}
        self._lines = SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - ends with it

    def __len__(self) -> int:
        return self.kinds.total()

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return map(json.loads, self.lines())

    def lines(self) -> Iterator[bytes]:
        """Each as a line of JSON."""
        self._lines.seek(0)
        return iter(self._lines)

    def add(self, loss: Loss) -> None:
        change = _change(loss)
        self._first = self._first or change
        self.kinds[loss.kind] += 1
        line = json.dumps(change, ensure_ascii=False) + "\n"
        self._lines.write(line.encode())

    def sentence(self) -> str:
        """How many there are, and which is the first."""
        first = self._first
        about = _t("document {document}").format(document=first["document"])
        if "surface" in first:
            about += f", {first['label']} [{first['start']}, {first['end']})"
        sentence = _t("{count} things would not be exact, first in {about}: {reason}")
        return sentence.format(count=len(self), about=about, reason=first["reason"])


@dataclass(frozen=True, slots=True)
class Receipt:
    facts: dict[str, Any]
    changes: Changes

    def whole(self) -> dict[str, Any]:
        """Facts and changes in one, as the report is."""
        return {**self.facts, "changes": list(self.changes)}

    def write(self, path: Path) -> None:
        """As one JSON object; the changes never stand in memory together."""
        facts = json.dumps(self.facts, ensure_ascii=False, indent=2)
        with path.open("wb") as file:
            file.write(facts.removesuffix("\n}").encode())
            file.write(b',\n  "changes": [')
            for number, line in enumerate(self.changes.lines()):
                file.write((b",\n    " if number else b"\n    ") + line.rstrip(b"\n"))
            file.write(b"\n  ]\n}\n" if len(self.changes) else b"]\n}\n")


def write_receipt(receipt: Receipt, path: str | Path) -> Path:
    """Write a receipt beside its export, as PATH.report.json or into its folder."""
    path = Path(path)
    target = path / REPORT if path.is_dir() else Path(f"{path}.{REPORT}")
    receipt.write(target)
    return target


def _change(loss: Loss) -> dict[str, Any]:
    record, span = loss.record, loss.span
    change: dict[str, Any] = {
        "document": record.document,
        "external_id": record.external_id,
        "kind": loss.kind,
        "reason": loss.reason,
    }
    if span is not None:
        change |= {
            "start": span.start,
            "end": span.end,
            "label": span.label,
            "surface": record.text[span.start : span.end],
        }
    if loss.became is not None:
        start, end = loss.became
        change |= {"became": [start, end], "became_surface": record.text[start:end]}
    return change
