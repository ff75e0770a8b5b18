"""The folder for Hugging Face's libraries, loaded by a program without this one."""

import io
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from modeling import checkpoints
from modeling.card import Card
from modeling.convolutional import IDCNN
from modeling.encoders import load_encoder
from modeling.export import zipped
from modeling.inference import predict
from modeling.tagger import Tagger
from modeling.tokens import tokenize

TEXT = "Ada wrote to Mr. Babbage: the engine weaves, Bo's cost 12.5 in Kew (London)."


def card(**fields: Any) -> Card:
    facts = {"token_mode": "unicode-words"}
    known: dict[str, Any] = {"project": "News", "version": 3, "language": "en"}
    known |= {"labels": ["PER"], "encoder": "x", "facts": facts, "metrics": {}}
    return Card(**known | fields)


def exported(tagger: Tagger, folder: Path, **fields: Any) -> Path:
    """The unpacked archive of a saved tagger."""
    checkpoints.save(tagger, folder / "checkpoint")
    data = b"".join(zipped(folder / "checkpoint", "model-3", card(**fields)))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        archive.extractall(folder)
    return folder / "model-3"


def run_example(folder: Path, text: str) -> list[tuple[int, int, str]]:
    """What the script prints, in a process that cannot import this project."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    environment |= {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, folder / "predict_example.py", text],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    lines = [line.split("\t") for line in done.stdout.splitlines()]
    return [(int(start), int(end), label) for start, end, label, _ in lines]


def predicted(tagger: Tagger, text: str, mode: str) -> list[tuple[int, int, str]]:
    [(_, found)] = predict(tagger, [(text, tokenize(text, mode))])
    return [(span.start, span.end, span.label) for span in found.spans]


def stirred(tagger: Tagger) -> Tagger:
    """The tagger with a head and CRF that find something, and never agree with O."""
    torch.manual_seed(3)
    with torch.no_grad():
        tagger.head.weight.normal_(std=1.0)
        tagger.crf.transitions.normal_(std=1.0)
        tagger.crf.start_transitions.normal_(std=1.0)
    tagger.precision = "fp32"
    return tagger.eval()


@pytest.mark.parametrize("mode", ["unicode-words", "characters"])
def test_the_script_finds_what_this_program_finds(
    small_tagger: Tagger, tmp_path: Path, mode: str
) -> None:
    tagger = stirred(small_tagger)
    text = TEXT[:60]  # one window of this encoder
    folder = exported(tagger, tmp_path, facts={"token_mode": mode})
    wanted = predicted(tagger, text, mode)
    assert len(wanted) > 3
    assert run_example(folder, text) == wanted


def test_a_pretrained_encoder_comes_through_with_its_own_tokenizer(
    tmp_path: Path,
) -> None:
    encoder, tokenizer = load_encoder("bundled")
    tagger = stirred(Tagger(encoder, tokenizer, ["PER", "LOC"]))
    folder = exported(tagger, tmp_path)
    wanted = predicted(tagger, TEXT, "unicode-words")
    assert len(wanted) > 3
    assert run_example(folder, TEXT) == wanted


def test_the_script_is_short_and_imports_no_part_of_this_project(
    small_tagger: Tagger, tmp_path: Path
) -> None:
    script = (exported(small_tagger, tmp_path) / "predict_example.py").read_text()
    assert len(script.splitlines()) <= 20
    assert "modeling" not in script


def test_the_weights_are_the_same_and_forbidden_moves_cost_too_much(
    small_tagger: Tagger, tmp_path: Path
) -> None:
    folder = exported(small_tagger, tmp_path)
    weights = load_file(folder / "model.safetensors")
    for name, value in small_tagger.encoder.state_dict().items():
        assert torch.equal(weights[name], value)
    head = load_file(folder / "head.safetensors")
    assert torch.equal(head["head.weight"], small_tagger.head.weight)
    crf = small_tagger.crf
    moves = crf.transitions + crf.transition_penalty
    assert torch.allclose(head["crf.transitions"], moves)
    starts = crf.start_transitions + crf.start_penalty
    assert torch.allclose(head["crf.start_transitions"], starts)
    config = json.loads((folder / "config.json").read_text())
    assert config["id2label"]["1"] == "B-PER"


def test_an_archive_comes_in_pieces(
    small_tagger: Tagger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("modeling.export._CHUNK", 1000)
    checkpoints.save(small_tagger, tmp_path / "one")
    pieces = list(zipped(tmp_path / "one", "one", card()))
    assert len(pieces) > 50
    assert max(map(len, pieces)) < 20_000


def test_an_encoder_over_words_is_sent_as_it_is_and_says_so(tmp_path: Path) -> None:
    encoder, tokenizer = load_encoder(IDCNN, words=["Ada", "met", "Ada"])
    tagger = Tagger(encoder, tokenizer, ["PER"])
    kept = tmp_path / "checkpoint" / "features-torch" / "states.safetensors"
    checkpoints.save(tagger, tmp_path / "checkpoint")
    kept.parent.mkdir()
    kept.write_bytes(b"states of texts")
    data = b"".join(zipped(tmp_path / "checkpoint", "sent", card(encoder=IDCNN)))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert not [name for name in archive.namelist() if "features" in name]
    folder = exported(tagger, tmp_path, encoder=IDCNN, needs_project=True)
    assert not (folder / "predict_example.py").exists()
    assert "of Marginalia only" in (folder / "README.md").read_text()
    loaded = checkpoints.load(folder, "cpu")
    assert torch.equal(loaded.head.weight, tagger.head.weight)


def test_a_checkpoint_that_was_cut_off_is_refused(
    small_tagger: Tagger, tmp_path: Path
) -> None:
    checkpoints.save(small_tagger, tmp_path / "one")
    weights = tmp_path / "one" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-4000])
    with pytest.raises(OSError, match="ends before its time"):
        list(zipped(tmp_path / "one", "one", card()))
