import json
import socket

import pytest
import torch

from modeling import checkpoints
from modeling.checkpoints import CheckpointError, load, read_extra, save
from modeling.encoders import load_encoder
from modeling.inference import predict
from modeling.tagger import Tagger
from modeling.tokens import tokenize

TEXT = "Ada met Kew in London. 中国人民"


def answer(tagger):
    ((_, prediction),) = predict(tagger, [(TEXT, tokenize(TEXT))])
    return prediction


@pytest.fixture
def no_network(monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("loading asked the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def test_a_checkpoint_gives_the_same_predictions(small_tagger, tmp_path, no_network):
    small_tagger.temperature, small_tagger.curve = 1.7, (1.25, 0.75, -0.5)
    save(small_tagger, tmp_path / "a" / "one", extra={"run": 7, "名": "甲"})
    loaded = load(tmp_path / "a" / "one", device="cpu")

    assert answer(loaded) == answer(small_tagger)
    assert loaded.labels == small_tagger.labels
    assert (loaded.max_length, loaded.context) == (64, 16)
    assert (loaded.temperature, loaded.curve) == (1.7, (1.25, 0.75, -0.5))
    assert not loaded.training
    assert read_extra(tmp_path / "a" / "one") == {"run": 7, "名": "甲"}


@pytest.mark.parametrize("kind", ["bundled", "roberta"])
def test_any_encoder_survives(kind, roberta_folder, tmp_path, no_network):
    name = "bundled" if kind == "bundled" else str(roberta_folder)
    torch.manual_seed(1)
    tagger = Tagger(*load_encoder(name), ["PER", "Multi-tissue_structure", "人名"])
    save(tagger, tmp_path / "one")

    assert answer(load(tmp_path / "one", device="cpu")) == answer(tagger)


def test_it_is_safetensors_and_json_only(small_tagger, tmp_path):
    save(small_tagger, tmp_path / "one")

    files = {p.name for p in (tmp_path / "one").rglob("*") if p.is_file()}
    assert {"model.safetensors", "config.json", "labels.json"} <= files
    assert {name.rpartition(".")[2] for name in files} == {"safetensors", "json"}
    assert [p.name for p in tmp_path.iterdir()] == ["one"]


def test_a_failed_save_leaves_the_old_checkpoint(small_tagger, tmp_path, monkeypatch):
    save(small_tagger, tmp_path / "one", extra={"version": 1})

    def fail(*args):
        raise OSError("no space left on device")

    monkeypatch.setattr(checkpoints, "_write_json", fail)
    with pytest.raises(OSError, match="no space"):
        save(small_tagger, tmp_path / "one", extra={"version": 2})
    assert read_extra(tmp_path / "one") == {"version": 1}
    assert [p.name for p in tmp_path.iterdir()] == ["one"]


def test_a_checkpoint_can_be_replaced(small_tagger, tmp_path):
    save(small_tagger, tmp_path / "one", extra={"version": 1})
    save(small_tagger, tmp_path / "one", extra={"version": 2})

    assert read_extra(tmp_path / "one") == {"version": 2}
    assert answer(load(tmp_path / "one", "cpu")) == answer(small_tagger)
    assert [p.name for p in tmp_path.iterdir()] == ["one"]


def cut_weights(folder):
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])


def break_config(folder):
    (folder / "config.json").write_text('{"format": 1, ')


def other_format(folder):
    (folder / "config.json").write_text('{"format": 99}')


def drop_field(folder):
    config = json.loads((folder / "config.json").read_text())
    del config["encoder"]
    (folder / "config.json").write_text(json.dumps(config))


def fewer_labels(folder):
    (folder / "labels.json").write_text('["PER"]')


def labels_of_another_kind(folder):
    (folder / "labels.json").write_text("7")


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (cut_weights, "is damaged"),
        (break_config, "has a damaged config.json"),
        (other_format, "unknown format"),
        (drop_field, "is damaged"),
        (fewer_labels, "is damaged"),
        (labels_of_another_kind, "has a damaged labels.json"),
        (lambda folder: (folder / "labels.json").unlink(), "has no labels.json"),
        (lambda folder: (folder / "config.json").unlink(), "has no config.json"),
        (lambda folder: (folder / "model.safetensors").unlink(), "is damaged"),
        (
            lambda folder: (folder / "tokenizer" / "tokenizer.json").unlink(),
            "is damaged",
        ),
    ],
)
def test_a_damaged_checkpoint_says_so_in_one_sentence(
    small_tagger, tmp_path, no_network, damage, sentence
):
    save(small_tagger, tmp_path / "one")
    damage(tmp_path / "one")
    with pytest.raises(CheckpointError, match=sentence) as caught:
        load(tmp_path / "one", device="cpu")
    assert str(tmp_path / "one") in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_checkpoint_is_named(tmp_path):
    with pytest.raises(CheckpointError, match="no checkpoint at .*nowhere"):
        load(tmp_path / "nowhere")
