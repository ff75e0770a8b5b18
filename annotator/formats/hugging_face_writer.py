"""Writing a dataset folder as Hugging Face's library loads it, with a card."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import IO, Any

import yaml
from django.utils.translation import gettext_lazy as _

from annotator.formats.conll_writer import misfits
from annotator.formats.jsonl_writer import spans_as_json, write_line
from annotator.formats.records import Loss, Output, Record, WriteOptions
from annotator.formats.tag_names import CARD as CARD_NAME
from modeling.spans import outermost
from modeling.tagging import convert, encode, tag_names
from modeling.tokens import tokenize

SPLITS = {"dev": "validation"}  # as that library calls it
SPAN = {"start": "int64", "end": "int64", "label": "string", "surface": "string"}
CARD = """\
---
{metadata}---

# {name}

A text with its named entities in each line, exported from Marginalia.

- `text`, `spans`: the exact text, and half-open offsets in Unicode code points.
- `tokens`, `ner_tags`: the tokens and their {scheme} tags, one each. What the tags do
  not hold of the spans is named in `report.json`.
- `token_starts`, `sentence_starts`: where each token begins in the text, and the
  numbers of the tokens that begin a sentence, where these are known.
- `metadata`: a JSON object as a string.

```python
from datasets import load_dataset

dataset = load_dataset("path/to/this/folder")
```
"""


def write(
    records: Iterable[Record], file: IO[bytes], options: WriteOptions
) -> Iterator[Loss]:
    """One document a line; the losses are those of the tags, not of the spans."""
    for record in records:
        tokens = tokenize(record.text) if record.tokens is None else record.tokens
        outer, inner = outermost(record.spans)
        encoding = encode(outer, tokens)
        yield from misfits(record, encoding, inner)
        tags = convert(encoding.tags, options.scheme)
        spans = spans_as_json(record.text, record.spans)
        value: dict[str, Any] = {
            "id": record.external_id,
            "text": record.text,
            "tokens": [record.text[start:end] for start, end in tokens],
            "token_starts": [start for start, _ in tokens],
            "sentence_starts": record.sentence_starts,
            "ner_tags": tags if record.is_annotated else None,
            "spans": spans if record.is_annotated else None,
            "metadata": json.dumps(record.metadata, ensure_ascii=False),
        }
        write_line(file, value)


def beside(
    files: Mapping[str, str], labels: Sequence[str], options: WriteOptions
) -> Iterator[tuple[str, bytes]]:
    """The card: where each split is, and the names and types of all columns."""
    splits = [
        {"split": SPLITS.get(split, split), "path": file}
        for split, file in files.items()
    ]
    metadata = {
        "pretty_name": options.name,
        "task_categories": ["token-classification"],
        "configs": [{"config_name": "default", "data_files": splits}],
        "dataset_info": {"features": _features(tag_names(labels, options.scheme))},
    }
    dumped = yaml.safe_dump(metadata, allow_unicode=True, sort_keys=False)
    name = " ".join(options.name.split())
    card = CARD.format(metadata=dumped, name=name, scheme=options.scheme.upper())
    yield CARD_NAME, card.encode()


def _features(tags: Sequence[str]) -> list[dict[str, Any]]:
    names = {str(number): tag for number, tag in enumerate(tags)}
    return [
        {"name": "id", "dtype": "string"},
        {"name": "text", "dtype": "string"},
        {"name": "tokens", "sequence": "string"},
        {"name": "token_starts", "sequence": "int64"},
        {"name": "sentence_starts", "sequence": "int64"},
        {"name": "ner_tags", "sequence": {"class_label": {"names": names}}},
        {
            "name": "spans",
            "list": [{"name": name, "dtype": dtype} for name, dtype in SPAN.items()],
        },
        {"name": "metadata", "dtype": "string"},
    ]


OUTPUT = Output(
    name="hugging-face",
    title=_("Hugging Face dataset"),
    suffix="jsonl",
    write=write,
    holds=frozenset({"text", "ids", "metadata", "tokens", "sentences", "overlaps"}),
    needs_tokens=True,
    has_tags=True,
    beside=beside,
)
