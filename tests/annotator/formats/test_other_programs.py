"""What other programs read in the files: seqeval, Hugging Face's datasets, spaCy."""

import builtins
import io
import json
import tracemalloc
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from annotator.formats import OUTPUTS, Record, WriteOptions, WriteRefused
from modeling.spans import Span
from modeling.tokens import tokenize
from tests.annotator.formats.records import any_records
from tests.annotator.formats.test_round_trips import expected, written

BANK = Record(
    text="Ada left the Bank of China.\n\nBasel is far.",
    spans=(Span(0, 3, "PER"), Span(13, 26, "ORG"), Span(21, 26, "LOC")),
    is_annotated=True,
    external_id="a-1",
    metadata={"source": "naïve"},
)
ROME = Record(text="Rome  😊 Oslo", spans=(Span(0, 4, "LOC"),), is_annotated=True)
TWO = [BANK, ROME]


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "cache"))


def rows_of(data: bytes) -> list[list[tuple[str, str]]]:
    """Sentences of columns, by a reader of three lines."""
    blocks = data.decode().strip("\n").split("\n\n")
    lines = [[line.split(" ") for line in block.split("\n")] for block in blocks]
    return [[(row[0], row[-1]) for row in block] for block in lines]


@pytest.mark.parametrize(
    ("scheme", "theirs"),
    [("iob1", "IOB1"), ("iob2", "IOB2"), ("bioes", "IOBES"), ("bilou", "BILOU")],
)
def test_seqeval_finds_the_spans_of_every_scheme(scheme: str, theirs: str) -> None:
    from seqeval import scheme as schemes

    sentences = rows_of(written(TWO, "conll2003", scheme=scheme)[0])
    tags = [[tag for _, tag in sentence] for sentence in sentences]
    entities = schemes.Entities(tags, getattr(schemes, theirs)).entities
    found = [
        (" ".join(word for word, _ in sentence[entity.start : entity.end]), entity.tag)
        for sentence, inside in zip(sentences, entities, strict=True)
        for entity in inside
    ]
    assert found == [("Ada", "PER"), ("Bank of China", "ORG"), ("Rome", "LOC")]


def test_datasets_reads_columns(tmp_path: Path) -> None:
    from datasets import load_dataset

    path = tmp_path / "train.conll"
    path.write_bytes(written(TWO, "conll2003", marks_documents=True)[0])
    names = ["tokens", "pos_tags", "chunk_tags", "ner_tags"]
    found = load_dataset(
        "conll",
        data_files=str(path),
        column_names=names,
        split="train",
        cache_dir=str(tmp_path / "cache"),
    )
    assert [len(row["tokens"]) for row in found] == [7, 4, 3]
    assert found[0]["ner_tags"] == ["B-PER", "O", "O", "B-ORG", "I-ORG", "I-ORG", "O"]


def folder_of(path: Path, records: Sequence[Record], **how: Any) -> Path:
    """A dataset's folder with a train split."""
    data, _ = written(records, "hugging-face", **how)
    (path / "train.jsonl").write_bytes(data)
    labels = sorted({span.label for record in records for span in record.spans})
    options = WriteOptions(name="News: <b>“today”</b>", **how)
    beside = OUTPUTS["hugging-face"].beside
    assert beside is not None
    for name, content in beside({"train": "train.jsonl"}, labels, options):
        (path / name).write_bytes(content)
    return path


def test_datasets_loads_the_folder_with_the_types_of_its_card(tmp_path: Path) -> None:
    from datasets import load_dataset

    folder = tmp_path / "dataset"
    folder.mkdir()
    folder_of(folder, TWO, scheme="bilou")
    found = load_dataset(str(folder), cache_dir=str(tmp_path / "cache"))["train"]
    names = found.features["ner_tags"].feature.names
    assert names[:5] == ["O", "B-LOC", "I-LOC", "L-LOC", "U-LOC"]
    first = found[0]
    tags = [names[number] for number in first["ner_tags"]]
    assert tags[:6] == ["U-PER", "O", "O", "B-ORG", "I-ORG", "L-ORG"]
    assert first["tokens"][3:6] == ["Bank", "of", "China"]
    assert [record["text"] for record in found] == [r.text for r in TWO]
    assert json.loads(first["metadata"]) == BANK.metadata
    spans = [Span(s["start"], s["end"], s["label"]) for s in first["spans"]]
    assert tuple(spans) == BANK.spans
    assert [span["surface"] for span in first["spans"]][1] == "Bank of China"


def test_datasets_loads_what_is_not_known_as_none(tmp_path: Path) -> None:
    from datasets import load_dataset

    folder = tmp_path / "dataset"
    folder.mkdir()
    tokens = ((0, 3), (4, 8))
    known = Record("Ada left", (Span(0, 2, "PER"),), True, tokens, (0, 1))
    folder_of(folder, [known, replace(known, spans=(), is_annotated=False)])
    found = load_dataset(str(folder), cache_dir=str(tmp_path / "cache"))["train"]
    assert (found[0]["token_starts"], found[0]["sentence_starts"]) == ([0, 4], [0, 1])
    assert (found[1]["ner_tags"], found[1]["spans"]) == (None, None)


def test_the_tags_of_a_dataset_name_what_they_do_not_hold() -> None:
    _, losses = written(TWO, "hugging-face")
    assert [(loss.kind, loss.span) for loss in losses] == [("dropped", BANK.spans[2])]


def docs_of(data: bytes) -> list[Any]:
    from spacy.tokens import DocBin
    from spacy.vocab import Vocab

    return list(DocBin().from_bytes(data).get_docs(Vocab()))


def entities(doc: Any) -> set[Span]:
    return {Span(e.start_char, e.end_char, e.label_) for e in doc.ents}


@settings(deadline=None, max_examples=60)
@given(any_records)
def test_spacy_reads_the_same_texts_and_all_spans_but_the_losses(
    records: list[Record],
) -> None:
    data, losses = written(records, "spacy")
    for before, doc in zip(records, docs_of(data), strict=True):
        assert doc.text == before.text
        assert entities(doc) == expected(before, losses)
        tokens = tokenize(before.text) if before.tokens is None else before.tokens
        found = {(token.idx, token.idx + len(token)) for token in doc}
        assert found >= set(tokens)
        assert doc.has_annotation("ENT_IOB") == before.is_annotated
        assert doc.user_data["id"] == before.external_id
        assert json.loads(doc.user_data["metadata"]) == before.metadata


def test_spacy_reads_sentences_where_they_are_known() -> None:
    tokens, starts = ((0, 1), (3, 4), (5, 6)), (0, 1)
    known = Record("a  b c", (), True, tokens, sentence_starts=starts)
    data, losses = written([known, replace(known, sentence_starts=None)], "spacy")
    first, second = docs_of(data)
    assert losses == []
    assert [sentence.text for sentence in first.sents] == ["a  ", "b c"]
    assert not second.has_annotation("SENT_START")


def test_spacy_need_not_be_installed_to_write_its_files(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = builtins.__import__

    def without_spacy(name: str, *rest: Any) -> Any:
        if name.partition(".")[0] == "spacy":
            raise ModuleNotFoundError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without_spacy)
    data, _losses = written(TWO, "spacy")
    monkeypatch.undo()
    assert [doc.text for doc in docs_of(data)] == [record.text for record in TWO]


def test_a_docbin_is_not_held_in_memory(tmp_path: Path) -> None:
    text = "a " * 1000
    tokens = tuple((at, at + 1) for at in range(0, 2000, 2))
    record = Record(text, (Span(0, 1, "X"),), True, tokens)
    tracemalloc.start()
    with (tmp_path / "a.spacy").open("wb") as file:
        for _loss in OUTPUTS["spacy"].write([record] * 300, file, WriteOptions()):
            pass
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 5 * 1024**2  # of 10 MB of numbers


def test_more_than_a_docbin_can_count_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("annotator.formats.spacy_writer.LONGEST_BLOCK", 100)
    with pytest.raises(WriteRefused, match="more than one DocBin can hold"):
        written(TWO, "spacy")


def test_prodigy_knows_spans_by_character_and_by_token() -> None:
    half = Record(text="Ada", spans=(Span(0, 2, "PER"),), is_annotated=True)
    data, losses = written([BANK, half], "prodigy")
    first, second = (json.loads(line) for line in data.splitlines())
    bank = {"start": 13, "end": 26, "label": "ORG", "token_start": 3, "token_end": 5}
    assert first["spans"][1] == bank
    ada = {"text": "Ada", "start": 0, "end": 3, "id": 0, "ws": True}
    assert first["tokens"][0] == ada
    assert (first["meta"], first["answer"]) == (BANK.metadata, "accept")
    assert second["spans"] == [{"start": 0, "end": 2, "label": "PER"}]
    assert [(loss.kind, loss.record) for loss in losses] == [("token", half)]


def test_brats_covered_text_is_the_text_at_its_offsets() -> None:
    data, _ = written(TWO, "brat")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name in archive.namelist():
            if not name.endswith(".ann"):
                continue
            text = archive.read(name.replace(".ann", ".txt")).decode()
            for line in archive.read(name).decode().splitlines():
                id, place, surface = line.split("\t")
                label, start, end = place.split(" ")
                assert id.startswith("T")
                assert text[int(start) : int(end)] == surface
                conf = archive.read("annotation.conf").decode().splitlines()
                assert label in conf
        assert "a-1.ann" in archive.namelist()


def test_webanno_numbers_sentences_and_counts_utf_16() -> None:
    cut = Record(text="Hi 😊Bo", spans=(Span(3, 6, "A|B"), Span(4, 5, "X")))
    tokens = ((0, 2), (3, 6))
    cut = Record(cut.text, cut.spans, True, tokens=tokens, external_id="one")
    data, losses = written([cut], "webanno-tsv")
    assert losses == []
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.namelist() == ["one.tsv"]
        content = archive.read("one.tsv").decode()
    assert content.endswith(
        "\n#Text=Hi 😊Bo\n"
        "1-1\t0-2\tHi\t_\t_\t\n"
        "1-2\t3-7\t😊Bo\t*\tA\\|B\t\n"
        "1-2.1\t5-6\tB\t*\tX\t\n"
    )


@pytest.mark.parametrize("name", [*OUTPUTS])
def test_the_same_documents_give_the_same_bytes(name: str) -> None:
    assert written(TWO, name)[0] == written(TWO, name)[0]
