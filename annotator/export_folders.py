"""Exporting into a folder again: what the earlier export left there goes."""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _t

from annotator.export_options import ExportRefused
from annotator.receipts import REPORT


def settle(fresh: Path, target: Path) -> None:
    """Move files into a folder in which no file of its earlier export stays behind.

    Which these are says the receipt there. Nothing is touched where it would be
    somebody's work: a file that was changed since, or a report of another program.

    Raises:
        ExportRefused: naming the file that is in the way.
    """
    names = {file.name for file in fresh.iterdir()}
    left = [file for file in _left_behind(target) if file["file"] not in names]
    for file in left:
        path = target / file["file"]
        if path.is_file() and _sha256(path) != file["sha256"]:
            sentence = _t("{file} was changed after it was exported: move it away.")
            raise ExportRefused(sentence.format(file=path))
    for file in left:
        (target / file["file"]).unlink(missing_ok=True)
    for name in names:
        os.replace(fresh / name, target / name)


def _left_behind(target: Path) -> list[dict[str, Any]]:
    """What the receipt in a folder lists; nothing where there is none."""
    path = target / REPORT
    try:
        files = _listed(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return []
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        sentence = _t("{file} is not an export's receipt: move it away.")
        raise ExportRefused(sentence.format(file=path)) from error
    return files


def _listed(report: dict[str, Any]) -> list[dict[str, Any]]:
    files = [*report["files"], *report.get("beside", [])]
    for file in files:
        is_plain = file["file"] == Path(file["file"]).name not in ("", "..")
        if not is_plain or not isinstance(file["sha256"], str):
            raise ValueError(file["file"])
    return files


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
