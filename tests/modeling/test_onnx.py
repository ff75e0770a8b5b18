"""An exported encoder says what torch says, or is not used at all."""

from pathlib import Path

import pytest
import torch
from torch import Tensor
from transformers import (
    AutoModel,
    DebertaConfig,
    DebertaV2Config,
    ModernBertConfig,
    PreTrainedModel,
)

from modeling import onnx, onnx_export
from modeling.encoders import build_scratch_encoder, build_word_encoder, load_encoder
from modeling.inference import predict
from modeling.onnx import accelerate, chosen_engine
from modeling.onnx_encoder import OnnxEncoder, OnnxError
from modeling.onnx_export import export
from modeling.tagger import Tagger
from modeling.tokens import tokenize
from tests.modeling.conftest import CORPUS

TEXTS = [
    "Ada wrote to Mr. Babbage. He agreed.",
    "Hooker sent 12 boxes from Darjeeling to Kew (London) in May 1849. " * 8,
    "中国人民银行在北京。",
    "",
]
SMALL = {
    "vocab_size": 60,
    "hidden_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 96,
    "max_position_embeddings": 64,
    "pad_token_id": 1,
}


def predictions(tagger: Tagger) -> list[tuple]:
    found = dict(predict(tagger, [(text, tokenize(text)) for text in TEXTS]))
    return [
        ([(s.start, s.end, s.label) for s in p.spans], p.token_confidences)
        for _, p in sorted(found.items())
    ]


def batch(config) -> tuple[Tensor, Tensor]:
    ids = torch.randint(2, config.vocab_size, (3, 17))
    return ids, torch.arange(17) < torch.tensor([[17], [9], [1]])


def test_predictions_in_onnx_are_those_of_torch(small_tagger, tmp_path):
    before = predictions(small_tagger)
    after = predictions(accelerate(small_tagger, tmp_path, "onnx"))
    assert isinstance(small_tagger.encoder, OnnxEncoder)
    for (spans, confidences), (other_spans, other_confidences) in zip(
        before, after, strict=True
    ):
        assert other_spans == spans
        assert other_confidences == pytest.approx(confidences, abs=1e-4)


@pytest.mark.parametrize("name", ["roberta", "modernbert", "deberta_v2"])
def test_kinds_of_encoders_give_their_states(name, tmp_path, request):
    encoder = request.getfixturevalue(name)
    path = tmp_path / "encoder.onnx"
    export(encoder, path, "onnx")
    ids, mask = batch(encoder.config)
    with torch.inference_mode():
        expected = encoder(input_ids=ids, attention_mask=mask).last_hidden_state
    states = OnnxEncoder(path, encoder.config)(ids, mask).last_hidden_state
    torch.testing.assert_close(states[mask], expected[mask], atol=1e-4, rtol=1e-3)


@pytest.fixture
def roberta(roberta_folder) -> PreTrainedModel:
    return load_encoder(str(roberta_folder))[0].eval()


@pytest.fixture
def modernbert() -> PreTrainedModel:
    special = dict.fromkeys(
        ("bos_token_id", "eos_token_id", "cls_token_id", "sep_token_id"), 2
    )
    config = ModernBertConfig(**SMALL, **special, local_attention=8)
    return AutoModel.from_config(config).eval()


@pytest.fixture
def deberta_v2() -> PreTrainedModel:
    config = DebertaV2Config(
        **SMALL, relative_attention=True, pos_att_type=["p2c", "c2p"]
    )
    return AutoModel.from_config(config).eval()


def test_int8_is_near_fp32_but_not_the_same(small_tagger, tmp_path):
    encoder = small_tagger.encoder
    ids, mask = batch(encoder.config)
    states = {}
    for engine in ("onnx", "onnx-int8"):
        export(encoder, tmp_path / engine, engine)
        exported = OnnxEncoder(tmp_path / engine, encoder.config)
        states[engine] = exported(ids, mask).last_hidden_state[mask]
    likeness = torch.nn.functional.cosine_similarity(*states.values(), dim=1)
    assert likeness.mean() > 0.98
    assert not torch.allclose(*states.values(), atol=1e-4)


def test_the_graph_is_made_once(small_tagger, tmp_path, monkeypatch):
    encoder = small_tagger.encoder
    accelerate(small_tagger, tmp_path, "onnx")
    small_tagger.encoder = encoder
    monkeypatch.setattr(onnx, "export", lambda *_: pytest.fail("made again"))
    accelerate(small_tagger, tmp_path, "onnx")
    assert isinstance(small_tagger.encoder, OnnxEncoder)
    assert [path.suffix for path in tmp_path.iterdir()] == [".onnx"]


def test_a_graph_that_holds_for_one_length_only_is_refused(tmp_path):
    config = DebertaConfig(
        **SMALL,
        relative_attention=True,
        pos_att_type=["p2c", "c2p"],
        max_relative_positions=16,
    )
    encoder = AutoModel.from_config(config).eval()
    with pytest.raises(OnnxError, match="cannot run the encoder"):
        export(encoder, tmp_path / "encoder.onnx", "onnx")
    assert list(tmp_path.iterdir()) == []


def test_a_graph_unlike_torch_is_refused(small_tagger, tmp_path, monkeypatch):
    monkeypatch.setattr(onnx_export, "_quantise", _write_another)
    encoder = small_tagger.encoder
    with pytest.raises(OnnxError, match="unlike torch"):
        accelerate(small_tagger, tmp_path, "onnx-int8")
    assert small_tagger.encoder is encoder
    assert list(tmp_path.iterdir()) == []


def _write_another(_source: Path, target: Path) -> None:
    """Write the graph of other weights of the same shape."""
    torch.manual_seed(99)
    other, _ = build_scratch_encoder(CORPUS * 2, hidden_size=48, layers=2)
    other.eval().set_attn_implementation("eager")
    target.write_bytes(onnx_export._trace(other))


def test_a_damaged_file_is_refused(small_tagger, tmp_path):
    accelerate(small_tagger, tmp_path, "onnx")
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(OnnxError, match="cannot load the encoder"):
        OnnxEncoder(path, small_tagger.encoder.config)


def test_encoders_of_words_stay_with_torch(tmp_path):
    encoder, tokenizer = build_word_encoder("bilstm", ["Ada", "wrote"])
    tagger = Tagger(encoder, tokenizer, ["PER"]).eval()
    assert chosen_engine(tagger) == "torch"
    assert accelerate(tagger, tmp_path, "auto").encoder is encoder
    with pytest.raises(OnnxError, match="is not a Hugging Face encoder"):
        accelerate(tagger, tmp_path, "onnx")


def test_auto_changes_no_prediction(small_tagger):
    small_tagger.precision = "fp32"
    assert chosen_engine(small_tagger) == "onnx"
    small_tagger.precision = "bf16"
    assert chosen_engine(small_tagger) == "torch"


def test_an_exported_encoder_refuses_training(small_tagger, tmp_path):
    accelerate(small_tagger, tmp_path, "onnx")
    with pytest.raises(RuntimeError, match="no training mode"):
        small_tagger.train()
    small_tagger.eval()


def test_an_unknown_engine_is_named(small_tagger, tmp_path):
    with pytest.raises(ValueError, match="unknown engine 'tpu'"):
        accelerate(small_tagger, tmp_path, "tpu")
