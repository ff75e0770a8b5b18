"""BiLSTM-CRF and IDCNN-CRF go the way of every other encoder."""

import json
from dataclasses import replace

import pytest
import torch

from modeling.checkpoints import CheckpointError, load, save
from modeling.encoders import build_word_encoder, load_encoder
from modeling.examples import Example
from modeling.inference import predict
from modeling.spans import Span
from modeling.tagger import Tagger
from modeling.tokens import tokenize
from modeling.training import TrainingConfig, TrainingError, evaluate, train

QUICK = TrainingConfig(
    epochs=1,
    min_steps=40,
    max_steps=40,
    tokens_per_batch=128,
    device="cpu",
)
LABELS = ["PER", "LOC"]
MARKED = [
    "[Ada|PER] wrote from [Kew|LOC].",
    "In [Sikkim|LOC] it rained.",
    "[Hooker|PER] sent boxes to [Kew|LOC].",
    "The boxes were wet.",
    "[Asa Gray|PER] answered [Ada|PER].",
    "",
]
CHINESE = [
    "[梁思成|PER]到[蓟县|LOC]看[独乐寺|LOC]。",
    "[林徽因|PER]在[北平|LOC]写信。",
    "那年[蓟县|LOC]下雨。",
    "[梁思成|PER]与[林徽因|PER]测绘古建筑。",
]


def in_characters(example: Example) -> Example:
    tokens = tuple(tokenize(example.text, "characters"))
    return Example(example.text, tokens, example.spans)


@pytest.fixture(params=["bilstm", "idcnn"])
def kind(request) -> str:
    return request.param


@pytest.fixture
def tagger(kind) -> Tagger:
    torch.manual_seed(0)
    encoder, tokenizer = build_word_encoder(
        kind, ["Ada", "met", "Kew", "in", "中", "."] * 2, hidden_size=12
    )
    return Tagger(encoder, tokenizer, LABELS, max_length=64, context=32).eval()


def answers(tagger, *texts):
    given = [(text, tokenize(text)) for text in texts]
    return [prediction for _, prediction in sorted(predict(tagger, given))]


def test_it_learns_from_nothing_the_names_it_was_shown(kind, annotated):
    letters = [annotated(text) for text in MARKED]
    result = train(letters, LABELS, replace(QUICK, encoder=kind))
    evaluation = evaluate(result.tagger, letters)

    assert evaluation.score.micro.f1 == 1.0
    assert evaluation.predictions == [example.spans for example in letters]


def test_it_learns_chinese_by_its_characters(kind, annotated):
    letters = [in_characters(annotated(text)) for text in CHINESE]
    result = train(letters, LABELS, replace(QUICK, encoder=kind))

    assert evaluate(result.tagger, letters).score.micro.f1 == 1.0
    words = result.tagger.sub_tokenizer.words
    assert {len(word) for word in words} == {1}


def test_it_learns_a_word_it_has_not_seen_by_its_shape(kind, annotated):
    """Names have a capital, the rest has none; the new name is an unknown word."""
    syllables = ("ba", "do", "ki", "lu")
    names = [f"{a}{b}".title() for a in syllables for b in syllables]
    letters = [annotated(f"so [{name}|PER] went {name.lower()}") for name in names]
    config = replace(QUICK, encoder=kind, min_steps=80, max_steps=80)
    result = train(letters, ["PER"], config)

    ((_, prediction),) = predict(result.tagger, [("so Bidol went", TOKENS)])
    assert [(s.start, s.end, s.label) for s in prediction.spans] == [(3, 8, "PER")]


TOKENS = tokenize("so Bidol went")


def test_the_same_seed_gives_the_same_weights(kind, annotated):
    letters = [annotated(text) for text in MARKED]
    config = replace(QUICK, encoder=kind, min_steps=4, max_steps=4)
    first, again = (train(letters, LABELS, config).tagger for _ in range(2))
    for one, other in zip(first.parameters(), again.parameters(), strict=True):
        assert torch.equal(one, other)


def test_training_goes_on_from_a_tagger_with_its_vocabulary(kind, annotated):
    letters = [annotated(text) for text in MARKED]
    config = replace(QUICK, encoder=kind)
    first = train(letters[:3], LABELS, config).tagger
    more = [*letters, annotated("[Wallace|PER] left [Kew|LOC].")]
    second = train(more, [*LABELS, "ORG"], config, initial=first).tagger

    assert second.sub_tokenizer is first.sub_tokenizer
    assert "wallace" not in second.sub_tokenizer.words
    assert evaluate(second, more).score.micro.f1 > 0.8


def test_training_does_not_go_on_from_another_kind(kind, small_tagger, annotated):
    letters = [annotated(text) for text in MARKED]
    config = replace(QUICK, encoder=kind)
    with pytest.raises(TrainingError, match=f"'{kind}' cannot start from a 'bert'"):
        train(letters, LABELS, config, initial=small_tagger)


def test_a_checkpoint_holds_weights_and_vocabulary(tagger, tmp_path):
    texts = ("Ada met Kew in London. 中国人民", "x")
    save(tagger, tmp_path / "one", extra={"run": 7})
    loaded = load(tmp_path / "one", device="cpu")

    assert answers(loaded, *texts) == answers(tagger, *texts)
    assert loaded.encoder.config == tagger.encoder.config
    rates = loaded.encoder.embeddings.drop_rates
    assert torch.equal(rates, tagger.encoder.embeddings.drop_rates)
    files = {p.name for p in (tmp_path / "one").rglob("*") if p.is_file()}
    assert files == {"model.safetensors", "config.json", "labels.json"} | {
        "vocabulary.json"
    }


def test_a_checkpoint_without_its_vocabulary_says_so(tagger, tmp_path):
    save(tagger, tmp_path / "one")
    (tmp_path / "one" / "tokenizer" / "vocabulary.json").unlink()
    with pytest.raises(CheckpointError, match="is damaged"):
        load(tmp_path / "one")


def test_a_shape_of_another_version_is_refused_in_one_sentence(tagger, tmp_path):
    save(tagger, tmp_path / "one")
    path = tmp_path / "one" / "config.json"
    config = json.loads(path.read_text())
    config["encoder"]["gates"] = 3
    path.write_text(json.dumps(config))
    with pytest.raises(CheckpointError, match="is damaged: .*gates"):
        load(tmp_path / "one")


@torch.inference_mode()
def test_a_document_scores_the_same_alone_and_in_any_batch(tagger):
    texts = ["Ada met Kew.", "Ada " * 200, "中国人民"]
    documents = tagger.align([(text, tokenize(text)) for text in texts])
    together, mask = tagger.emissions(documents)
    in_pieces, _ = tagger.emissions(documents, tokens_per_batch=70)

    assert mask.sum(1).tolist() == [4, 200, 4]
    torch.testing.assert_close(together, in_pieces)
    for row, document in enumerate(documents):
        alone, _ = tagger.emissions([document])
        torch.testing.assert_close(alone[0], together[row, : document.tokens])


@torch.inference_mode()
def test_a_window_of_convolutions_is_the_whole_document():
    """Half the shared words reach farther than the convolutions see: no seam."""
    torch.manual_seed(0)
    encoder, tokenizer = build_word_encoder("idcnn", ["a", "b", "c"], hidden_size=12)
    text = " ".join("abc"[n * n % 7 % 3] for n in range(400))
    emissions = []
    for max_length in (10_000, 128):
        tagger = Tagger(encoder, tokenizer, LABELS, max_length=max_length, context=64)
        torch.manual_seed(1)
        torch.nn.init.normal_(tagger.head.weight)
        documents = tagger.eval().align([(text, tokenize(text))])
        emissions.append(tagger.emissions(documents)[0])
    assert len(documents[0].windows) > 4
    torch.testing.assert_close(*emissions)


def test_lower_precision_says_the_same(tagger):
    text = "Ada met Kew in London."
    (full,) = answers(tagger, text)
    tagger.precision = "bf16"
    (half,) = answers(tagger, text)
    assert full.token_confidences == pytest.approx(half.token_confidences, abs=0.02)


def test_without_tokens_the_words_are_unicodes(kind):
    _, tokenizer = load_encoder(kind, texts=["Ada met Kew.", "met"])
    assert tokenizer.words == ("met", ".", "ada", "kew")
    assert tokenizer.counts == (2, 1, 1, 1)


def test_a_span_is_on_whole_tokens_of_any_text(tagger):
    text = "\u200b 👩‍👩‍👧 \ud83d Kew"
    tokens = tokenize(text)
    ((_, prediction),) = predict(tagger, [(text, tokens)])
    assert len(prediction.token_confidences) == len(tokens)
    for span in prediction.spans:
        assert Span(span.start, span.end, span.label).start in {s for s, _ in tokens}
