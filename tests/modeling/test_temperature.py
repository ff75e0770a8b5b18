import pytest
import torch

from modeling.calibration import bend
from modeling.examples import Example
from modeling.inference import predict
from modeling.spans import Span
from modeling.tagging import decode
from modeling.temperature import cross_fit, fit, propose
from modeling.tokens import tokenize
from tests.modeling.crfs import (
    NAMES,
    probabilities,
    random_batch,
    random_crf,
    scores_of_all_paths,
)

TEXTS = ("Ada met Kew", "中国人民 in London", "x", "", "Kew " * 40, "a b c d e f")


@pytest.fixture
def bold_tagger(small_tagger):
    torch.manual_seed(3)
    with torch.no_grad():
        small_tagger.head.weight.normal_(std=1.0)
        small_tagger.crf.transitions.normal_(std=0.5)
    return small_tagger


def examples(tagger, right_every=2):
    """Documents in which every so many-th proposal is right."""
    texts = [(text, tuple(tokenize(text))) for text in TEXTS]
    found = dict(predict(tagger, texts))
    return [
        Example(
            text,
            tokens,
            tuple(
                Span(span.start, span.end, span.label)
                for span in found[index].spans[::right_every]
            ),
        )
        for index, (text, tokens) in enumerate(texts)
    ]


@pytest.mark.parametrize("temperature", [0.5, 1.0, 1.7, 40.0])
def test_a_temperature_divides_the_score_of_every_path(temperature):
    crf = random_crf(constrained=True)
    emissions, mask = random_batch((4, 2))
    output = crf.infer(emissions, mask, temperature=temperature)
    plain = crf.infer(emissions, mask)

    assert torch.equal(output.tags, plain.tags)
    places = [(i, j) for i in range(4) for j in range(i + 1, 5)]
    spans = torch.tensor([[0, i, j, label] for i, j in places for label in (0, 1)])
    found = crf.span_posteriors(output, spans).tolist()
    legal = {
        path: score / temperature
        for path, score in scores_of_all_paths(crf, emissions[0]).items()
        if score > -5000
    }
    paths = probabilities(legal)
    tokens = [(index, index + 1) for index in range(4)]
    for (_, i, j, label), posterior in zip(spans.tolist(), found, strict=True):
        wanted = Span(i, j, "XY"[label])
        exact = sum(
            p
            for path, p in paths.items()
            if wanted in decode([NAMES[tag] for tag in path], tokens)
        )
        assert posterior == pytest.approx(exact, abs=1e-5)
    first_tag = [sum(p for path, p in paths.items() if path[0] == k) for k in range(5)]
    assert output.marginals[0, 0].tolist() == pytest.approx(first_tag, abs=1e-5)


@pytest.mark.parametrize("temperature", [0.0, -1.0, float("nan"), float("inf")])
def test_a_temperature_is_positive(temperature):
    emissions, mask = random_batch((4, 2))
    with pytest.raises(ValueError, match="temperature"):
        random_crf().infer(emissions, mask, temperature=temperature)


def test_a_taggers_temperature_flattens_its_confidences(bold_tagger):
    texts = [(text, tokenize(text)) for text in TEXTS]
    sharp = dict(predict(bold_tagger, texts))
    bold_tagger.temperature = 5.0
    flat = dict(predict(bold_tagger, texts))

    for index in range(len(TEXTS)):
        places = [
            [(s.start, s.end, s.label) for s in p[index].spans] for p in (sharp, flat)
        ]
        assert places[0] == places[1]
    assert flat[0].measures.mean_marginal < sharp[0].measures.mean_marginal


def test_a_taggers_curve_bends_the_confidence_of_spans_alone(bold_tagger):
    texts = [(text, tokenize(text)) for text in TEXTS]
    plain = dict(predict(bold_tagger, texts))
    bold_tagger.curve = (1.0, 1.0, -2.0)
    bent = dict(predict(bold_tagger, texts))

    for index in range(len(TEXTS)):
        before = [span.confidence for span in plain[index].spans]
        after = [span.confidence for span in bent[index].spans]
        assert after == pytest.approx(bend(before, bold_tagger.curve).tolist())
        assert all(low < high for low, high in zip(after, before, strict=True))
        assert plain[index].token_confidences == bent[index].token_confidences


def test_proposals_are_what_the_tagger_predicts(bold_tagger):
    judged = examples(bold_tagger)
    proposals = propose(bold_tagger, judged, tokens_per_batch=64)
    bold_tagger.temperature = 2.0
    found = dict(predict(bold_tagger, [(e.text, e.tokens) for e in judged]))

    expected = sorted(
        (
            index,
            span.confidence,
            Span(span.start, span.end, span.label) in judged[index].spans,
        )
        for index, prediction in found.items()
        for span in prediction.spans
    )
    got = sorted(
        zip(
            proposals.documents,
            proposals.confidences(2.0),
            proposals.is_right,
            strict=True,
        )
    )
    for ours, theirs in zip(got, expected, strict=True):
        assert ours == pytest.approx(theirs, abs=1e-5)
    assert 0 < sum(proposals.is_right) < len(got)


def test_what_nobody_has_read_is_no_answer(bold_tagger):
    text = "Kew " * 40
    example = Example(text, tuple(tokenize(text)), ())
    ((_, found),) = predict(bold_tagger, [(text, example.tokens)])
    first = found.spans[0]
    read = (first.start, first.end)
    span = Span(found.spans[1].start, found.spans[1].end + 4, "PER")
    partly = Example(text, example.tokens, (span,), known=(read,))
    nowhere = Example(text, example.tokens, (), known=())

    assert len(propose(bold_tagger, [example]).is_right) == len(found.spans) > 4
    collided = sum(s.start < span.end and span.start < s.end for s in found.spans)
    assert propose(bold_tagger, [partly]).is_right == [False] * (1 + collided)
    assert propose(bold_tagger, [nowhere]).is_right == []


def test_a_model_that_is_always_right_is_made_surer_and_one_never_right_flatter(
    bold_tagger,
):
    always = propose(bold_tagger, examples(bold_tagger, 1))
    never = propose(bold_tagger, examples(bold_tagger, 1000))
    assert fit([always]) < 1.0 < fit([never])


def test_without_proposals_nothing_is_scaled(small_tagger):
    with torch.no_grad():
        small_tagger.head.bias[0] = 100.0
    nothing = propose(small_tagger, [Example("Ada", ((0, 3),), ())])
    assert nothing.is_right == [] and fit([nothing]) == 1.0 and cross_fit(nothing) == []


def test_a_cross_fitted_confidence_does_not_know_its_own_answers(bold_tagger):
    judged = examples(bold_tagger)
    changed = [
        Example(e.text, e.tokens, () if index % 2 else e.spans)
        for index, e in enumerate(judged)
    ]
    before = propose(bold_tagger, judged)
    after = propose(bold_tagger, changed)
    pairs = zip(cross_fit(before), cross_fit(after), before.documents, strict=True)
    for one, other, document in pairs:
        if document % 2:  # only these documents' answers changed
            assert one == other
