"""The names of numbered tags, as they stand beside or in a Hugging Face data set."""

import json
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
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
# What is no JSON or YAML, or not what its YAML tags say.
BROKEN = (ValueError, LookupError, AttributeError, RecursionError, yaml.YAMLError)
MOST_PARTS = 1_000_000  # of a description that are looked at
MOST_OF_COLUMN = 1_000  # of what is said about a column, each time it is met
TREES_KEPT = 8  # of the descriptions that all files of a folder share


@dataclass(slots=True)
class TagNames:
    """The names of the tags of a file's columns, looked up when a number comes."""

    source: Source
    notes: list[str] = field(default_factory=list)  # where they are from, once each
    _features: Any = None  # as the file itself states them
    _found: dict[str, list[str]] = field(default_factory=dict)
    _noted: set[str] = field(default_factory=set)

    def take(self, features: Any) -> None:
        """Look again from here on, first in what a part of the file says."""
        self._features = features
        self._found.clear()

    def tag(self, line: int, key: str, number: int) -> str:
        """The tag of a number.

        Raises:
            FormatError: nobody says what it is called, or there are fewer names.
        """
        if key not in self._found:
            self._found[key] = self._find(key)
        names = self._found[key]
        if not names:
            sentence = _t(
                "“{key}” are numbers, and their names are not in the file: put the "
                "data set's README.md or dataset_info.json beside it, in a folder or "
                "zip, or write the names."
            )
            raise FormatError(line, sentence.format(key=key))
        if 0 <= number < len(names):
            return names[number]
        sentence = _t("The tag {number} has no name; there are {count}: {names}.")
        shown = excerpt(", ".join(names), limit=100)
        message = sentence.format(number=number, count=len(names), names=shown)
        raise FormatError(line, message)

    def _find(self, key: str) -> list[str]:
        found = _feature_names(self._features, key)
        if found:
            return self._noted_names(key, found, self.source.shown_name)
        for name in BESIDE:
            data = self.source.beside(name)
            tree = None if data is None else _tree(name, data)
            found = _feature_names(tree, key) or _numbered_names(tree)
            if found:
                return self._noted_names(key, found, name)
        return []

    def _noted_names(self, key: str, names: list[str], where: str) -> list[str]:
        shown = excerpt(", ".join(names), limit=100)
        sentence = _t("The names of “{key}” are those in {file}: {names}.")
        note = sentence.format(key=key, file=where, names=shown)
        if note not in self._noted:
            self._noted.add(note)
            self.notes.append(note)
        return names


def describes(source: Source) -> bool:
    """Whether a file holds no documents, but says what the columns of others are."""
    return PurePosixPath(source.shown_name).name in BESIDE


class _Loader(yaml.SafeLoader):
    """Without the merge key ``<<``, which can make any number of keys of a few."""

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        pass


@lru_cache(TREES_KEPT)
def _tree(name: str, data: bytes) -> Any:
    """What a description says; nothing of one that cannot be read."""
    try:
        text = data.decode("utf-8-sig")
        if name != CARD:
            return json.loads(text)
        _before, head, *_rest = ("\n" + text.replace("\r\n", "\n")).split("\n---\n", 2)
        return yaml.load(head, _Loader)
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
    for part in _objects(feature, MOST_OF_COLUMN):
        names = part.get("names")
        if isinstance(names, Mapping):
            numbers = range(len(names))  # a gap between them makes it no list
            names = [names.get(n, names.get(str(n))) for n in numbers]
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


def _objects(value: Any, most: int = MOST_PARTS) -> Iterator[dict[str, Any]]:
    """The objects among the first parts of a value, the outer ones first."""
    waiting = deque([value])
    seen: set[int] = set()
    while waiting and len(seen) < most:
        item = waiting.popleft()
        if id(item) in seen:  # YAML can refer to a part many times, or to itself
            continue
        seen.add(id(item))
        if isinstance(item, dict):
            yield item
            waiting += islice(item.values(), most)
        elif isinstance(item, list):
            waiting += islice(item, most)
