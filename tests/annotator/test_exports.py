"""Exporting: the right annotations, exactly, with a receipt for what is not."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from annotator import selection
from annotator.export_options import ExportOptions, ExportRefused
from annotator.exports import export
from annotator.formats import OUTPUTS
from annotator.imports import import_file
from annotator.models import Annotation, Document, Project, Span
from annotator.opening import ImportOptions
from annotator.receipts import write_receipt
from modeling.spans import Span as Mention

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
GOLD = ImportOptions(annotated_by="gold")


def annotate(
    project: Project,
    text: str,
    *spans: tuple[int, int, str],
    user: User | None = None,
    state: str = "submitted",
    **fields: Any,
) -> Document:
    document = project.documents.filter(text=text).first()
    if document is None:
        document = Document.new(project, text, **fields)
        document.save()
    annotation = Annotation.objects.create(
        document=document,
        user=user,
        is_gold=user is None,
        state=state,
        submitted_at=timezone.now() if state == "submitted" else None,
    )
    labels = project.ensure_labels(label for _, _, label in spans)
    for start, end, label in spans:
        Span.objects.create(
            annotation=annotation, start=start, end=end, label=labels[label]
        )
    return document


def exported(
    project: Project, folder: Path, **options: Any
) -> tuple[str, dict[str, Any]]:
    path = folder / "out"
    receipt = export(project, path, ExportOptions(**options))
    return path.read_bytes().decode(), receipt.whole()


CORPUS = """\
#tag B-PER
\u200b O
Ada B-PER
Lovelace I-PER
Byron B-PER

In O
New\u00a0York B-LOC

In O
New\u00a0York B-LOC

"""


@pytest.mark.parametrize("scheme", ["iob2", "iob1", "bioes", "bilou"])
def test_a_file_of_sentences_comes_back_the_same(
    project: Project, tmp_path: Path, scheme: str
) -> None:
    source = tmp_path / "in.conll"
    source.write_text(CORPUS)
    import_file(source, project, GOLD)
    first, _ = exported(project, tmp_path, format="conll2002", scheme=scheme)
    if scheme == "iob2":
        assert first == CORPUS
    other = Project.objects.create(name="Other")
    source.write_text(first)
    import_file(source, other, GOLD)
    assert exported(other, tmp_path, format="conll2002")[0] == CORPUS


def test_documents_of_several_sentences_get_document_starts(
    project: Project, tmp_path: Path
) -> None:
    source = tmp_path / "in.conll"
    content = "-DOCSTART- O\n\na O\n\nb B-PER\n\n-DOCSTART- O\n\nc O\n\n"
    source.write_text(content)
    options = ImportOptions(annotated_by="gold", document="docstart")
    import_file(source, project, options)
    assert project.documents.count() == 2
    assert exported(project, tmp_path, format="conll2002")[0] == content


HARD = [
    "a\r\nb\U0001f60ac e\u0301 f",
    f"{FAMILY} in Basel",
    "\u0632\u0627\u0631 \u0628\u0627\u0632\u0644",
    "\u0e40\u0e02\u0e32\u0e44\u0e1b\u0e01\u0e23\u0e38\u0e07\u0e40\u0e17\u0e1e",
    "\u4ed6\u53bb\u5317\u4eac\u3002",
    "\ufeff tab\tand\u2028break \u200b",
]


def test_json_lines_hold_every_text_and_span_exactly(
    project: Project, tmp_path: Path
) -> None:
    for text in HARD:
        annotate(
            project,
            text,
            (1, 2, "PER"),
            (2, len(text), "LOC"),
            metadata={"a": [1, None]},
            external_id="é-1",
        )
    content, receipt = exported(project, tmp_path, format="jsonl")
    other = Project.objects.create(name="Other")
    import_file(tmp_path / "out", other, GOLD)
    assert [d.text for d in other.documents.all()] == HARD
    for annotation in Annotation.objects.filter(document__project=other):
        length = len(annotation.document.text)
        assert annotation.spans_by_value() == [
            Mention(1, 2, "PER"),
            Mention(2, length, "LOC"),
        ]
        assert annotation.document.metadata == {"a": [1, None]}
        assert annotation.document.external_id == "é-1"
    assert exported(other, tmp_path, format="jsonl")[0] == content
    assert receipt["changes"] == []


def test_every_span_that_moves_or_drops_is_in_the_receipt(
    project: Project, tmp_path: Path
) -> None:
    bank = annotate(project, "Bank of China", (0, 13, "ORG"), (8, 12, "LOC"))
    exact = annotate(project, "Boston-London", (0, 6, "LOC"), (7, 13, "LOC"))
    content, receipt = exported(project, tmp_path)
    assert content == (
        "Bank -X- -X- B-ORG\nof -X- -X- I-ORG\nChina -X- -X- I-ORG\n\n"
        "Boston -X- -X- B-LOC\n- -X- -X- O\nLondon -X- -X- B-LOC\n\n"
    )
    (change,) = receipt["changes"]
    assert change["reason"]
    del change["reason"]
    assert change == {
        "document": bank.pk,
        "external_id": "",
        "kind": "dropped",
        "start": 8,
        "end": 12,
        "label": "LOC",
        "surface": "Chin",
    }
    assert (receipt["dropped"], receipt["moved"], receipt["spans"]) == (1, 0, 4)
    assert exact.pk != bank.pk


def test_the_receipt_says_how_the_file_was_made(
    project: Project, tmp_path: Path, bob: User
) -> None:
    annotate(project, "In Basel", (3, 8, "LOC"), user=bob)
    annotate(project, "In Bern", (3, 7, "LOC"), tokens=[[0, 2], [3, 7]])
    content, receipt = exported(project, tmp_path, scheme="bioes")
    assert receipt["sha256"] == hashlib.sha256(content.encode()).hexdigest()
    assert receipt["bytes"] == len(content.encode())
    expected = {
        "project": "News",
        "format": "conll2003",
        "scheme": "bioes",
        "tokeniser": {"unicode-words": 1, "as-imported": 1},
        "annotated_by": {"bob": 1, "gold": 1},
        "states": ["submitted"],
        "documents": 2,
        "labels": {"LOC": 2},
        "checkpoint": None,
        "file": "out",
    }
    assert receipt.items() >= expected.items()


def test_the_report_beside_the_file_is_the_receipt(
    project: Project, tmp_path: Path
) -> None:
    for tokens in ("characters", None):  # without a change and with two
        annotate(project, "Basel", (0, 2, "LOC"), (3, 5, "LOC"))
        options = ExportOptions(tokens=tokens)
        receipt = export(project, tmp_path / "out", options)
        path = write_receipt(receipt, tmp_path / "out")
        assert path.name == "out.report.json"
        assert json.loads(path.read_text()) == receipt.whole()
        Document.objects.all().delete()


def test_strict_leaves_no_file_when_something_is_not_exact(
    project: Project, tmp_path: Path
) -> None:
    document = annotate(project, "Basel", (0, 2, "LOC"))
    with pytest.raises(ExportRefused, match=rf"document {document.pk}, LOC \[0, 2\)"):
        exported(project, tmp_path, strict=True)
    assert list(tmp_path.iterdir()) == []
    _, receipt = exported(project, tmp_path, strict=True, tokens="characters")
    assert receipt["changes"] == []


def test_imported_tokens_with_white_space_are_named(
    project: Project, tmp_path: Path
) -> None:
    source = tmp_path / "in.conll"
    source.write_text("New York\tB-LOC\nis\tO\n\n")
    import_file(source, project, GOLD)
    content, receipt = exported(project, tmp_path, format="conll2002")
    assert content == "New York\tB-LOC\nis O\n\n"
    (change,) = receipt["changes"]
    assert (change["kind"], change["became_surface"]) == ("token", "New York")


@pytest.mark.parametrize(
    ("tokens", "words"),
    [
        (None, ["Los Angeles"]),
        ("as-imported", ["Los Angeles"]),
        ("unicode-words", ["Los", "Angeles"]),
        ("characters", [*"LosAngeles"]),
    ],
)
def test_tokens_can_be_chosen(
    project: Project, tmp_path: Path, tokens: str | None, words: list[str]
) -> None:
    annotate(project, "Los Angeles", tokens=[[0, 11]])
    content, _ = exported(project, tmp_path, format="conll2002", tokens=tokens)
    assert [line[:-2] for line in content.split("\n") if line] == words


def test_documents_without_imported_tokens_use_the_projects_mode(
    project: Project, tmp_path: Path
) -> None:
    Project.objects.filter(pk=project.pk).update(token_mode="characters")
    project.refresh_from_db()
    annotate(project, "Oh")
    content, receipt = exported(project, tmp_path, format="conll2002")
    assert content == "O O\nh O\n\n"
    assert receipt["tokeniser"] == {"characters": 1}


def test_gold_goes_before_the_newest_submission(
    project: Project, tmp_path: Path, alice: User, bob: User
) -> None:
    for user, label in ((alice, "PER"), (bob, "LOC")):
        annotate(project, "Basel", (0, 5, label), user=user)
    assert "B-LOC" in exported(project, tmp_path)[0]
    alices = Annotation.objects.get(user=alice)
    alices.submit(alice)
    assert "B-PER" in exported(project, tmp_path)[0]
    annotate(project, "Basel", (0, 5, "ORG"))
    assert "B-ORG" in exported(project, tmp_path)[0]
    assert "B-LOC" in exported(project, tmp_path, annotated_by="bob")[0]
    assert "B-ORG" in exported(project, tmp_path, annotated_by="gold")[0]
    assert exported(project, tmp_path, annotated_by="charlie")[0] == ""


def test_only_the_states_asked_for_are_written(
    project: Project, tmp_path: Path, bob: User
) -> None:
    annotate(project, "open", user=bob, state="open")
    annotate(project, "flagged", user=bob, state="flagged")
    annotate(project, "done", user=bob)
    Document.new(project, "untouched").save()
    assert exported(project, tmp_path)[0] == "done -X- -X- O\n\n"
    both = exported(project, tmp_path, states=("submitted", "flagged"))[0]
    assert both == "flagged -X- -X- O\n\ndone -X- -X- O\n\n"


def test_other_projects_stay_out(project: Project, tmp_path: Path) -> None:
    annotate(Project.objects.create(name="Other"), "theirs")
    annotate(project, "ours")
    assert exported(project, tmp_path)[0] == "ours -X- -X- O\n\n"


def test_batches_stream_every_document_once(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selection, "BATCH", 2)
    for word in "abcde":
        annotate(project, word, (0, 1, "PER"))
    content, receipt = exported(project, tmp_path, format="conll2002")
    assert content == "".join(f"{word} B-PER\n\n" for word in "abcde")
    assert (receipt["documents"], receipt["spans"]) == (5, 5)


def test_a_failed_export_leaves_the_old_file(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    annotate(project, "a")
    exported(project, tmp_path)

    def fail(*_: object) -> Any:
        raise OSError("disk full")

    failing = replace(OUTPUTS["conll2003"], write=fail)
    monkeypatch.setitem(OUTPUTS, "conll2003", failing)
    with pytest.raises(OSError, match="disk full"):
        exported(project, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert (tmp_path / "out").read_text() == "a -X- -X- O\n\n"


@pytest.mark.parametrize(
    "options",
    [
        {"format": "docx"},
        {"scheme": "io"},
        {"tokens": "bytes"},
        {"states": ("done",)},
    ],
)
def test_unknown_options_are_refused_with_the_known_ones(
    project: Project, tmp_path: Path, options: dict[str, Any]
) -> None:
    with pytest.raises(ExportRefused, match="is none of"):
        exported(project, tmp_path, **options)


def test_breaks_and_states_that_a_format_has_no_place_for_are_counted(
    project: Project, tmp_path: Path
) -> None:
    tokens, starts = [[0, 1], [2, 3]], [0, 1]
    annotate(project, "a b", tokens=tokens, sentence_starts=starts, state="open")
    how = {"annotated_by": "gold", "states": ("open",)}
    _data, doccano = exported(project, tmp_path, format="doccano", **how)
    assert doccano["not_held"] == {"tokens": 1, "states": 1, "sentences": 1}
    _data, own = exported(project, tmp_path, format="jsonl", **how)
    assert own["not_held"] == {}
    _data, columns = exported(project, tmp_path, **how)
    assert columns["not_held"] == {"states": 1}
