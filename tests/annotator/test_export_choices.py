"""What of a project is exported: whose work, which labels, which part of a split."""

import json
import tracemalloc
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError

from annotator import receipts, selection
from annotator.export_options import ExportOptions, ExportRefused, parse_ratio
from annotator.exports import export
from annotator.formats import FORMATS, OUTPUTS, ReadOptions, Record, Source, read
from annotator.forms.exports import ExportForm
from annotator.imports import import_file
from annotator.models import Document, Project, Suggestion
from annotator.opening import ImportOptions
from modeling.spans import Span
from tests.annotator.test_commands import run
from tests.annotator.test_exports import annotate

GOLD = ImportOptions(annotated_by="gold")


def lines(project: Project, folder: Path, **options: Any) -> list[dict[str, Any]]:
    path = folder / "out.jsonl"
    export(project, path, ExportOptions(**{"format": "jsonl"} | options))
    return [json.loads(line) for line in path.read_text().splitlines()]


def suggest(document: Document, start: int, end: int, label: str) -> None:
    Suggestion.objects.create(
        document=document,
        label=document.project.labels.get(name=label),
        start=start,
        end=end,
        confidence=0.5,
        is_imported=True,
    )


@pytest.fixture
def hundred(project: Project) -> Project:
    for number in range(100):
        annotate(project, f"Ada {number}", (0, 3, "PER"))
    return project


def parts(project: Project, folder: Path, **options: Any) -> dict[str, list[str]]:
    """The words of each file of a split."""
    path = folder / "out.zip"
    chosen = {"format": "jsonl", "ratio": (80, 10, 10)} | options
    export(project, path, ExportOptions(**chosen))
    with zipfile.ZipFile(path) as archive:
        return {
            name: [json.loads(x)["text"] for x in archive.read(name).splitlines()]
            for name in archive.namelist()
        }


def test_a_split_puts_every_document_into_one_part(
    hundred: Project, tmp_path: Path
) -> None:
    found = parts(hundred, tmp_path)
    assert [*found] == ["dev.jsonl", "test.jsonl", "train.jsonl"]
    assert Counter(text for texts in found.values() for text in texts) == Counter(
        hundred.documents.values_list("text", flat=True)
    )
    assert 65 < len(found["train.jsonl"]) < 95


def test_a_text_stays_in_its_part_when_others_come_and_go(
    hundred: Project, tmp_path: Path
) -> None:
    before = parts(hundred, tmp_path)
    hundred.documents.filter(text__endswith="7").delete()
    for number in range(100, 150):
        annotate(hundred, f"Ada {number}")
    annotate(hundred, "Ada 1 once more")
    after = parts(hundred, tmp_path)
    for name, texts in before.items():
        assert {t for t in texts if not t.endswith("7")} <= {*after[name]}
    assert parts(hundred, tmp_path, seed=1) != after


def test_the_same_text_twice_is_never_in_two_parts(
    project: Project, tmp_path: Path
) -> None:
    source = tmp_path / "in.jsonl"
    source.write_text('{"text": "Ada", "spans": []}\n' * 20)
    import_file(source, project, GOLD)
    assert [len(texts) for texts in parts(project, tmp_path).values()] == [20]


def test_the_receipt_counts_the_parts(hundred: Project, tmp_path: Path) -> None:
    options = ExportOptions(ratio=(1, 0, 1), seed=3)
    receipt = export(hundred, tmp_path / "out.zip", options)
    files = receipt.facts["files"]
    assert [file["file"] for file in files] == ["train.conll", "test.conll"]
    assert sum(file["documents"] for file in files) == 100
    assert (receipt.facts["ratio"], receipt.facts["seed"]) == (
        {"train": 1, "test": 1},
        3,
    )


def test_a_split_of_zips_is_a_zip_of_folders(hundred: Project, tmp_path: Path) -> None:
    path = tmp_path / "out.zip"
    export(hundred, path, ExportOptions(format="brat", ratio=(1, 1)))
    with zipfile.ZipFile(path) as archive:
        folders = {name.split("/")[0] for name in archive.namelist()}
    assert folders == {"train", "dev"}
    items = list(read(Source(path), FORMATS["brat"], ReadOptions()))
    assert sum(isinstance(item, Record) for item in items) == 100


def test_a_dataset_goes_into_a_folder_that_datasets_loads(
    hundred: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from datasets import load_dataset

    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    folder = tmp_path / "dataset"
    folder.mkdir()
    output = ["--output", folder, "--split", "80/10/10"]
    run("export", "News", "--format", "hugging-face", *output)
    names = sorted(path.name for path in folder.iterdir())
    assert names == [
        *("README.md", "dev.jsonl", "report.json", "test.jsonl", "train.jsonl")
    ]
    found = load_dataset(str(folder), cache_dir=str(tmp_path / "cache"))
    assert {*found} == {"train", "validation", "test"}
    assert sum(len(rows) for rows in found.values()) == 100
    assert found["test"].features["ner_tags"].feature.names == ["O", "B-PER", "I-PER"]


@pytest.mark.parametrize("text", ["half", "1/2/3/4", "0/0", "-1/2", "80%", "1//2"])
def test_a_split_that_is_none_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ExportRefused, match="such as 80/10/10"):
        parse_ratio(text)


def test_a_split_is_written_with_slashes_or_commas() -> None:
    assert parse_ratio("80/10/10") == parse_ratio("80, 10, 10") == (80, 10, 10)
    assert parse_ratio(" ") == ()


def test_only_the_labels_asked_for_are_written(
    project: Project, tmp_path: Path
) -> None:
    annotate(project, "Ada in Basel", (0, 3, "PER"), (7, 12, "LOC"))
    annotate(project, "Bern", (0, 4, "LOC"))
    found = lines(project, tmp_path, labels=("PER",))
    assert [[s["label"] for s in line["spans"]] for line in found] == [["PER"], []]
    with pytest.raises(ExportRefused, match="The label “MISC” is none of PER, LOC"):
        lines(project, tmp_path, labels=("MISC",))


def test_everybodys_work_is_a_document_for_each(
    project: Project, tmp_path: Path, alice: User, bob: User
) -> None:
    for user, label in ((alice, "PER"), (bob, "LOC"), (None, "ORG")):
        annotate(project, "Basel", (0, 5, label), user=user, metadata={"a": 1})
    found = lines(project, tmp_path, annotated_by="all")
    assert [(line["metadata"], line["spans"][0]["label"]) for line in found] == [
        ({"a": 1, "annotated_by": "alice"}, "PER"),
        ({"a": 1, "annotated_by": "bob"}, "LOC"),
        ({"a": 1, "annotated_by": "gold"}, "ORG"),
    ]


def test_people_called_gold_or_all_are_told_from_these(
    project: Project, tmp_path: Path
) -> None:
    for name, label in (("gold", "PER"), ("all", "LOC"), ("user:gold", "MISC")):
        person = User.objects.create_user(name)
        annotate(project, "Basel", (0, 5, label), user=person)
    annotate(project, "Basel", (0, 5, "ORG"))
    names = ["user:gold", "user:all", "user:user:gold", "gold"]
    for name, label in zip(names, ["PER", "LOC", "MISC", "ORG"], strict=True):
        (line,) = lines(project, tmp_path, annotated_by=name)
        assert line["spans"][0]["label"] == label
    found = lines(project, tmp_path, annotated_by="all")
    assert [line["metadata"]["annotated_by"] for line in found] == names
    field = ExportForm(project).fields["annotated_by"]
    offered = dict(field.choices)  # type: ignore[attr-defined]
    assert [offered[name] for name in names[:3]] == ["gold", "all", "user:gold"]


def test_the_command_finds_somebody_called_gold(
    project: Project, tmp_path: Path
) -> None:
    path = tmp_path / "out.jsonl"
    how = ["--format", "jsonl", "--output", path, "--annotated-by"]
    with pytest.raises(CommandError, match="There is no user “gold”"):
        run("export", "News", *how, "user:gold")
    run("export", "News", *how, "gold")
    person = User.objects.create_user("gold")
    project.memberships.create(user=person, role="annotator")
    annotate(project, "Basel", (0, 5, "PER"), user=person)
    run("export", "News", *how, "user:gold")
    run("import_documents", "News", path, "--annotated-by", "user:gold")
    assert json.loads(path.read_text())["text"] == "Basel"


def test_what_will_be_in_an_export_is_counted_before(
    project: Project, alice: User, bob: User
) -> None:
    basel = annotate(project, "Basel", (0, 5, "LOC"), user=alice)
    annotate(project, "Basel", (0, 5, "LOC"), user=bob)
    annotate(Project.objects.create(name="Other"), "Rome", (0, 4, "LOC"))
    fresh = Document.new(project, "Bern")
    fresh.save()
    for document in (basel, fresh):
        suggest(document, 0, 4, "LOC")
    for options, expected in (
        (ExportOptions(), 1),
        (ExportOptions(annotated_by="all"), 2),
        (ExportOptions(format="jsonl", has_suggestions=True), 2),
        (ExportOptions(format="jsonl", annotated_by="all", has_suggestions=True), 3),
    ):
        assert selection.count(project, options) == expected
    assert selection.has_more(project, ExportOptions(), 0)
    assert not selection.has_more(project, ExportOptions(), 1)


def test_suggestions_stand_beside_the_spans(project: Project, tmp_path: Path) -> None:
    done = annotate(project, "Basel", (0, 5, "LOC"))
    suggest(done, 0, 5, "ORG")
    fresh = Document.new(project, "Bern")
    fresh.save()
    suggest(fresh, 0, 4, "LOC")
    Document.new(project, "nobody read this").save()
    found = lines(project, tmp_path, has_suggestions=True)
    bern = {"start": 0, "end": 4, "label": "LOC", "surface": "Bern", "confidence": 0.5}
    assert found[1] == {"text": "Bern", "suggestions": [bern]}
    assert (len(found), found[0]["suggestions"][0]["label"]) == (2, "ORG")
    path = tmp_path / "out.json"
    export(project, path, ExportOptions(format="label-studio", has_suggestions=True))
    (prediction,) = json.loads(path.read_text())[1]["predictions"]
    assert prediction["result"][0]["score"] == 0.5
    assert "suggestions" not in lines(project, tmp_path)[0]
    source = Source(tmp_path / "out.jsonl")
    lines(project, tmp_path, has_suggestions=True)
    records = list(read(source, FORMATS["jsonl"], ReadOptions()))
    assert [r.suggestions for r in records if isinstance(r, Record)] == [
        (Span(0, 5, "ORG"),),
        (Span(0, 4, "LOC"),),
    ]


@pytest.mark.parametrize(
    "name", [n for n, o in OUTPUTS.items() if "suggestions" not in o.holds]
)
def test_a_format_without_suggestions_says_which_hold_them(
    project: Project, tmp_path: Path, name: str
) -> None:
    with pytest.raises(ExportRefused, match="JSON lines, Label Studio do"):
        lines(project, tmp_path, format=name, has_suggestions=True)


def test_the_receipt_counts_what_the_format_has_no_place_for(
    project: Project, tmp_path: Path
) -> None:
    annotate(project, "Basel.", external_id="x", metadata={"a": 1})
    annotate(project, "In Bern")
    for name, lost in (
        ("conll2002", {"text": 1, "ids": 1, "metadata": 1}),
        ("brat", {"metadata": 1}),
        ("jsonl", {}),
    ):
        receipt = export(project, tmp_path / "out", ExportOptions(format=name))
        assert receipt.facts["not_held"] == lost


@pytest.mark.parametrize("name", [*OUTPUTS])
def test_nested_spans_are_written_or_in_the_receipt(
    project: Project, tmp_path: Path, name: str
) -> None:
    Project.objects.update(allows_overlap=True)
    annotate(project, "Bank of China", (0, 13, "ORG"))
    nested = annotate(project, "Banca d'Italia", (0, 14, "ORG"))
    annotation = nested.annotations.get()
    labels = project.ensure_labels(["LOC"])
    annotation.spans.create(start=8, end=14, label=labels["LOC"], may_overlap=True)
    options = ExportOptions(format=name, tokens="characters")
    receipt = export(project, tmp_path / "out", options)
    named = [(change["surface"], change["kind"]) for change in receipt.changes]
    holds_all = "overlaps" in OUTPUTS[name].holds and name != "hugging-face"
    assert named == ([] if holds_all else [("Italia", "dropped")])


@pytest.mark.parametrize("name", [name for name in OUTPUTS if name != "spacy"])
def test_documents_stream_and_never_stand_in_memory_together(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(selection, "BATCH", 20)
    monkeypatch.setattr(receipts, "IN_MEMORY", 1000)
    text = " ".join(["a" * 99] * 40)
    source = tmp_path / "in.jsonl"
    with source.open("w") as file:
        for number in range(1000):
            line = {"text": f"{number} {text}", "spans": [[5, 9, "X"]]}
            file.write(json.dumps(line) + "\n")
    import_file(source, project, GOLD)
    tracemalloc.start()
    receipt = export(project, tmp_path / "out", ExportOptions(format=name))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2_000_000  # of texts that are 4,000,000 bytes together
    names_parts_of_tokens = OUTPUTS[name].has_tags or name == "prodigy"
    assert len(receipt.changes) == (1000 if names_parts_of_tokens else 0)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--output", "x", "--keep"], "not allowed with argument"),
        (["--output", "x", "--split", "half"], "The split “half” is not whole"),
        (["--output", "x", "--labels", "PER,X"], "The label “X” is none of PER"),
        (["--output", "x", "--suggestions"], "holds no suggestions"),
        ([], "one of the arguments --output --keep is required"),
    ],
)
def test_what_the_command_cannot_do_is_one_sentence(
    project: Project, options: list[str], sentence: str
) -> None:
    with pytest.raises(CommandError, match=sentence):
        run("export", "News", "--format", "conll2003", *options)
