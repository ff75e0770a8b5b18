import itertools
import math

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modeling.confidence import CERTAIN
from modeling.inference import predict
from modeling.tagging import decode
from modeling.tokens import TOKEN_MODES, tokenize


@pytest.fixture
def bold_tagger(small_tagger):
    """Random weights large enough that spans are found."""
    torch.manual_seed(3)
    with torch.no_grad():
        small_tagger.head.weight.normal_(std=1.0)
        small_tagger.crf.transitions.normal_(std=0.5)
    return small_tagger


def documents(*texts):
    return [(text, tokenize(text)) for text in texts]


def every_path(tagger, text, tokens):
    """Enumerate all legal tag sequences with their probabilities."""
    with torch.inference_mode():
        emissions, _ = tagger.emissions(tagger.align([(text, tokens)]))
    start, end, moves = (scores.tolist() for scores in tagger.crf.potentials())
    scores = emissions[0].tolist()
    paths = {}
    for path in itertools.product(range(len(tagger.tag_names)), repeat=len(tokens)):
        total = start[path[0]] + end[path[-1]]
        total += sum(row[tag] for row, tag in zip(scores, path, strict=True))
        total += sum(moves[a][b] for a, b in itertools.pairwise(path))
        if total > -1e3:
            paths[path] = total
    largest = max(paths.values())
    partition = sum(math.exp(total - largest) for total in paths.values())
    return {p: math.exp(t - largest) / partition for p, t in paths.items()}


@pytest.mark.parametrize("text", ["Ada met Kew London", "中国人民", "x"])
def test_confidences_equal_those_of_all_paths_enumerated(bold_tagger, text):
    tokens = tokenize(text)
    paths = every_path(bold_tagger, text, tokens)
    ((_, prediction),) = predict(bold_tagger, [(text, tokens)])

    best = max(paths, key=paths.__getitem__)
    names = bold_tagger.tag_names
    spans = decode([names[tag] for tag in best], tokens)
    assert [(s.start, s.end, s.label) for s in prediction.spans] == [
        (s.start, s.end, s.label) for s in spans
    ]
    for span, scored in zip(spans, prediction.spans, strict=True):
        exact = sum(
            p
            for path, p in paths.items()
            if span in decode([names[tag] for tag in path], tokens)
        )
        assert scored.confidence == pytest.approx(exact, abs=1e-5)
    for index, marginal in enumerate(prediction.token_confidences):
        exact = sum(p for path, p in paths.items() if path[index] == best[index])
        assert marginal == pytest.approx(exact, abs=1e-5)
    check_measures(bold_tagger, prediction, paths, (text, tokens))
    for index, labels in prediction.alternatives:
        for label, probability in labels:
            exact = sum(
                p
                for path, p in paths.items()
                if names[path[index]].removeprefix("B-").removeprefix("I-") == label
            )
            assert probability == pytest.approx(exact, abs=1e-5)


def check_measures(tagger, prediction, paths, document):
    """Compare measures of a document with those of all its paths."""
    measures = prediction.measures
    likely = sorted(paths.values(), reverse=True)
    second = likely[1]
    assert measures.mnlp == pytest.approx(
        math.log(likely[0]) / len(prediction.token_confidences), abs=1e-5
    )
    lowest = min((span.confidence for span in prediction.spans), default=likely[0])
    assert measures.min_span_posterior == pytest.approx(lowest, abs=1e-5)
    entropies, outside = [], []
    for index in range(len(prediction.token_confidences)):
        by_tag = dict.fromkeys(range(len(tagger.tag_names)), 0.0)
        for path, p in paths.items():
            by_tag[path[index]] += p
        entropies.append(-sum(p * math.log(p) for p in by_tag.values() if p > 0))
        outside.append(by_tag[0])
    mean = sum(entropies) / len(entropies)
    assert measures.token_entropy == pytest.approx(mean, abs=1e-4)
    pairs = zip(outside, prediction.token_confidences, strict=True)
    weighted = sum((1 - o) * (1 - p) for o, p in pairs)
    expected = weighted / (1 + sum(1 - o for o in outside))
    assert measures.entity_uncertainty == pytest.approx(expected, abs=1e-5)
    assert measures.margin is None and measures.bald is None
    ((_, asked),) = predict(tagger, [document], also=("margin",))
    assert asked.measures.margin == pytest.approx(likely[0] - second, abs=1e-4)


def test_the_least_certain_span_is_measured_unbent_as_a_path_without_spans_is(
    bold_tagger,
):
    texts = documents("Ada met Kew", "中国人民 in London", "x", "met")
    before = dict(predict(bold_tagger, texts))
    bold_tagger.curve = (0.5, 2.0, -1.0)
    after = dict(predict(bold_tagger, texts))
    shown = [[s.confidence for s in found[0].spans] for found in (before, after)]
    assert shown[0] != shown[1]
    assert any(prediction.spans for prediction in after.values())
    for index, prediction in after.items():
        assert prediction.measures == before[index].measures


def test_dropout_samples_are_the_same_models_for_every_document(bold_tagger):
    texts = documents("Ada met Kew.", "中国人民银行", "Kew " * 100, "x", "  ")
    together = dict(predict(bold_tagger, texts, also=("bald", "margin", "vector")))
    for index, text in enumerate(texts):
        ((_, alone),) = predict(bold_tagger, [text], also=("bald", "vector"))
        both = together[index].measures.bald, alone.measures.bald
        assert both[0] == pytest.approx(both[1], abs=1e-5)
        assert together[index].measures.margin is not None
        if text[1]:
            assert both[0] > 1e-4
            assert alone.vector == pytest.approx(together[index].vector, abs=1e-4)
            assert alone.vector.shape == (48,)


def test_the_vector_is_the_mean_state_of_the_tokens(bold_tagger):
    text = documents("Ada met Kew")[0]
    ((_, found),) = predict(bold_tagger, [text], also=("vector",))
    with torch.inference_mode():
        states = bold_tagger.first_states(bold_tagger.align([text]))
    assert found.vector == pytest.approx(states.mean(0).numpy(), abs=1e-6)
    ((_, plain),) = predict(bold_tagger, [text])
    assert plain.vector is None


def test_what_cannot_be_predicted_is_named(bold_tagger):
    with pytest.raises(ValueError, match="'horoscope'"):
        list(predict(bold_tagger, documents("x"), also=("horoscope", "margin")))


def test_spans_are_found_somewhere(bold_tagger):
    found = dict(predict(bold_tagger, documents("Ada met Kew", "中国人民 in London")))
    assert any(prediction.spans for prediction in found.values())


def test_every_text_is_answered_once_the_longest_first(bold_tagger):
    texts = documents("Kew", "", "a b c d e f g", "  \n", "Ada met Kew " * 60, "b c")
    order = [index for index, _ in predict(bold_tagger, texts, tokens_per_batch=64)]

    assert order == [1, 3, 4, 2, 0, 5]  # a sub-token a character


def test_a_prediction_does_not_depend_on_its_batch(bold_tagger):
    texts = documents(
        "Ada met Kew.", "中国人民银行", "Kew " * 300, "x", "On Tuesday Ada left."
    )
    together = dict(predict(bold_tagger, texts, tokens_per_batch=100_000))
    for index, text in enumerate(texts):
        ((_, alone),) = predict(bold_tagger, [text], tokens_per_batch=1)
        other = together[index]
        assert [(s.start, s.end, s.label) for s in alone.spans] == [
            (s.start, s.end, s.label) for s in other.spans
        ]
        assert alone.token_confidences == pytest.approx(
            other.token_confidences, abs=1e-4
        )
        assert alone.measures.mnlp == pytest.approx(other.measures.mnlp, abs=1e-4)


def test_a_document_without_tokens_is_certain(bold_tagger):
    ((_, prediction),) = predict(bold_tagger, documents(" \n "))

    assert prediction.measures == CERTAIN
    assert prediction.spans == prediction.token_confidences == ()


def test_a_short_document_is_shrunk_towards_the_corpus(bold_tagger):
    ((_, raw),) = predict(bold_tagger, documents("Ada met Kew"))
    ((_, shrunk),) = predict(bold_tagger, documents("Ada met Kew"), corpus_mean=0.9)

    expected = (3 * raw.measures.mean_marginal + 17 * 0.9) / 20
    assert shrunk.measures.mean_marginal == pytest.approx(expected)


def test_alternatives_are_the_least_certain_tokens_in_order(bold_tagger):
    ((_, prediction),) = predict(bold_tagger, documents("a b c d e f g h i j"))

    chosen = [index for index, _ in prediction.alternatives]
    by_certainty = sorted(range(10), key=prediction.token_confidences.__getitem__)
    assert chosen == sorted(by_certainty[:5])
    for _, labels in prediction.alternatives:
        probabilities = [probability for _, probability in labels]
        assert {label for label, _ in labels} == {"O", "PER", "LOC"}
        assert probabilities == sorted(probabilities, reverse=True)
        assert sum(probabilities) == pytest.approx(1.0, abs=1e-5)


def test_offsets_are_code_points(bold_tagger):
    with torch.no_grad():
        bold_tagger.head.bias[1] = 100.0  # every token begins a PER
    text = "😀 Ada\r\n👩‍👩‍👧 e\u0301t"
    ((_, prediction),) = predict(bold_tagger, documents(text))

    surfaces = [text[span.start : span.end] for span in prediction.spans]
    assert surfaces == ["😀", "Ada", "👩‍👩‍👧", "e\u0301t"]


@given(
    st.lists(st.text(max_size=80), max_size=4),
    st.sampled_from(TOKEN_MODES),
    st.integers(1, 200),
)
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_no_text_is_refused(bold_tagger, texts, mode, budget):
    inputs = [(text, tokenize(text, mode)) for text in texts]
    found = dict(predict(bold_tagger, inputs, tokens_per_batch=budget))

    assert sorted(found) == list(range(len(texts)))
    for index, (text, tokens) in enumerate(inputs):
        prediction = found[index]
        assert len(prediction.token_confidences) == len(tokens)
        assert all(0 <= p <= 1 for p in prediction.token_confidences)
        for span in prediction.spans:
            assert 0 <= span.start < span.end <= len(text)
            assert 0 <= span.confidence <= 1
