"""The command predict: a checkpoint reads a file."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
import torch
from django.core.management import CommandError, call_command

from annotator.models import Checkpoint, Project, TrainingRun
from modeling import checkpoints
from modeling.encoders import build_scratch_encoder
from modeling.tagger import Tagger

TEXTS = ["Ada met Babbage in Kew.", "Bo left.", "The engine weaves, wrote Ada."]


@pytest.fixture
def folder(tmp_path: Path, settings: Any) -> Path:
    """A model of random weights that finds PER and LOC everywhere."""
    settings.CHECKPOINT_DIR = tmp_path
    torch.manual_seed(0)
    encoder, tokenizer = build_scratch_encoder(TEXTS * 2, hidden_size=48, layers=1)
    tagger = Tagger(encoder, tokenizer, ["PER", "LOC"])
    with torch.no_grad():
        tagger.head.weight.normal_()
        tagger.head.bias[0] -= 2
    extra = {"metrics": {"card": {"token_mode": "unicode-words"}}}
    checkpoints.save(tagger, tmp_path / "model", extra=extra)
    return tmp_path / "model"


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    path = tmp_path / "texts.txt"
    path.write_text("\n".join(TEXTS))
    return path


def predict(*arguments: Any) -> tuple[str, str]:
    """What goes to standard output and to standard error."""
    out, err = io.StringIO(), io.StringIO()
    call_command("predict", *map(str, arguments), stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def lines(output: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.splitlines()]


def stored(project: Project, **labels: str) -> Checkpoint:
    """The folder as a checkpoint; labels of the model by their names of today."""
    keys = {old: project.labels.get(name=name).pk for old, name in labels.items()}
    run = TrainingRun.objects.create(project=project, state="succeeded")
    return Checkpoint.objects.create(
        project=project,
        training_run=run,
        folder="model",
        encoder="scratch",
        labels=keys,
        corpus_mean=0.5,
    )


def test_a_folder_reads_a_text_file_without_a_database(
    folder: Path, texts: Path
) -> None:
    out, err = predict(folder, texts)
    found = lines(out)
    assert [line["text"] for line in found] == TEXTS
    spans = [span for line in found for span in line["spans"]]
    assert len(spans) > 3
    for line in found:
        assert 0 <= line["confidence"] <= 1
        for span in line["spans"]:
            assert line["text"][span["start"] : span["end"]] == span["surface"]
            assert 0 <= span["confidence"] <= 1
    assert err == f"3 documents with {len(spans)} spans.\n"


def test_waves_change_nothing(
    folder: Path, texts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = lines(predict(folder, texts)[0])
    monkeypatch.setattr("tasks.files.WAVE", 1)
    apart = lines(predict(folder, texts)[0])
    assert [line["spans"] for line in apart] == [
        [dict(span, confidence=pytest.approx(span["confidence"])) for span in one]
        for one in (line["spans"] for line in whole)
    ]


@pytest.mark.django_db
def test_a_version_uses_the_labels_of_today(
    folder: Path, texts: Path, project: Project
) -> None:
    everything = lines(predict(folder, texts)[0])
    wanted = [s for line in everything for s in line["spans"] if s["label"] == "PER"]
    checkpoint = stored(project, PER="ORG")  # renamed; LOC was deleted
    found = [
        s for line in lines(predict(checkpoint.pk, texts)[0]) for s in line["spans"]
    ]
    assert {span["label"] for span in found} == {"ORG"}
    assert [s["start"] for s in found] == [s["start"] for s in wanted]


def test_columns_come_with_a_summary_and_can_be_read_back(
    folder: Path, texts: Path, tmp_path: Path
) -> None:
    wanted = [s for line in lines(predict(folder, texts)[0]) for s in line["spans"]]
    target = tmp_path / "out.conll"
    out, _ = predict(folder, texts, "--to", "conll2003", "--output", target, "--json")
    result = json.loads(out)
    assert result == {"documents": 3, "spans": len(wanted), "changed": 0}
    rows = target.read_text()
    assert rows.count(" B-") == len(wanted)
    again = lines(predict(folder, target)[0])  # tokens as in the file
    assert len(again) == 3


def test_bad_input_is_named_and_leaves_no_file(
    folder: Path, texts: Path, tmp_path: Path
) -> None:
    bad, target = tmp_path / "bad.jsonl", tmp_path / "out.jsonl"
    bad.write_text('{"text": "Ada"}\n{"text": 3}\n')
    with pytest.raises(CommandError, match=r"bad.jsonl, line 2: “text” is 3"):
        predict(folder, bad, "--output", target)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "bad.jsonl",
        "model",
        "texts.txt",
    ]
    with pytest.raises(CommandError, match="There is no file"):
        predict(folder, tmp_path / "none.txt")
    with pytest.raises(CommandError, match=r"has no config\.json"):
        predict(tmp_path / "none", texts)


@pytest.mark.django_db
def test_a_version_that_is_not_there_is_named(
    folder: Path, texts: Path, project: Project
) -> None:
    with pytest.raises(CommandError, match=r"There is no version 77\."):
        predict(77, texts)
    checkpoint = stored(project, PER="PER")
    Checkpoint.objects.filter(pk=checkpoint.pk).update(folder="")
    with pytest.raises(CommandError, match="are no longer kept"):
        predict(checkpoint.pk, texts)
