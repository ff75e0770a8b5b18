"""The names of numbered tags, as they stand beside or in a Hugging Face data set."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

import yaml
from django.utils.translation import gettext as _t

from annotator.formats.json_values import is_whole
from annotator.formats.records import excerpt
from annotator.formats.source import FormatError, Source

CARD = "README.md"
# Files that describe a data set's columns, in the order in which they are asked.
BESIDE = (
    *(CARD, "dataset_info.json", "dataset_infos.json", "state.json"),
    *("label.json", "label2id.json", "config.json"),
)
BROKEN = (ValueError, RecursionError, yaml.YAMLError)  # what is no JSON or YAML


@dataclass(slots=True)
class TagNames:
    """The names of the tags of a file's columns, looked up when a number comes."""

    source: Source
    features: Any = None  # as the file itself states them
    _found: dict[str, tuple[list[str], str]] = field(default_factory=dict)

    def tag(self, line: int, key: str, number: int) -> str:
        """The tag of a number.

        Raises:
            FormatError: nobody says what it is called, or there are fewer names.
        """
        if key not in self._found:
            self._found[key] = self._find(line, key)
        names, _where = self._found[key]
        if 0 <= number < len(names):
            return names[number]
        sentence = _t("The tag {number} has no name; there are {count}: {names}.")
        shown = excerpt(", ".join(names), limit=100)
        message = sentence.format(number=number, count=len(names), names=shown)
        raise FormatError(line, message)

    @property
    def notes(self) -> Iterator[str]:
        """Where the names come from, where some were needed."""
        sentence = _t("The names of “{key}” are those in {file}: {names}.")
        for key, (names, where) in self._found.items():
            shown = excerpt(", ".join(names), limit=100)
            yield sentence.format(key=key, file=where, names=shown)

    def _find(self, line: int, key: str) -> tuple[list[str], str]:
        found = _feature_names(self.features, key)
        if found:
            return found, self.source.shown_name
        for name in BESIDE:
            data = self.source.beside(name)
            tree = None if data is None else _tree(name, data)
            found = _feature_names(tree, key) or _numbered_names(tree)
            if found:
                return found, name
        sentence = _t(
            "“{key}” are numbers, and their names are not in the file: put the data "
            "set's README.md or dataset_info.json beside it, in a folder or zip, or "
            "write the names."
        )
        raise FormatError(line, sentence.format(key=key))


def describes(source: Source) -> bool:
    """Whether a file holds no documents, but says what the columns of others are."""
    return PurePosixPath(source.shown_name).name in BESIDE


def _tree(name: str, data: bytes) -> Any:
    """What a description says; nothing of one that cannot be read."""
    try:
        text = data.decode("utf-8-sig")
        if name != CARD:
            return json.loads(text)
        _before, head, *_rest = ("\n" + text.replace("\r\n", "\n")).split("\n---\n", 2)
        return yaml.safe_load(head)
    except BROKEN:
        return None


def _feature_names(tree: Any, key: str) -> list[str]:
    """The names of a column; none where several parts of a description differ."""
    found = [
        names
        for part in _objects(tree)
        for feature in (part.get(key), part if part.get("name") == key else None)
        for names in [_names(feature)]
        if names
    ]
    return found[0] if found and all(names == found[0] for names in found) else []


def _names(feature: Any) -> list[str]:
    """The names of a class label, wherever in its column they stand."""
    for part in _objects(feature):
        names = part.get("names")
        if isinstance(names, Mapping):
            try:
                names = [names[number] for number in sorted(names, key=int)]
            except (TypeError, ValueError):
                continue
        if isinstance(names, list) and names and all(isinstance(n, str) for n in names):
            return names
    return []


def _numbered_names(tree: Any) -> list[str]:
    """The keys of an object that numbers them from 0 on, or those of ``id2label``."""
    if not isinstance(tree, dict):
        return []
    by_number = tree.get("id2label")
    if isinstance(by_number, dict):
        return _names({"names": by_number})
    by_name = tree.get("label2id", tree)
    if not isinstance(by_name, dict) or not all(map(is_whole, by_name.values())):
        return []
    is_whole_list = sorted(by_name.values()) == list(range(len(by_name)))
    return sorted(by_name, key=by_name.__getitem__) if is_whole_list else []


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    """All objects in a value, the outer ones first."""
    waiting, seen = [value], set()
    while waiting:
        item = waiting.pop(0)
        if id(item) in seen:  # YAML can refer to a part many times, or to itself
            continue
        seen.add(id(item))
        if isinstance(item, dict):
            yield item
            waiting += item.values()
        elif isinstance(item, list):
            waiting += item
