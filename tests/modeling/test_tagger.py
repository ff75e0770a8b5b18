import pytest
import torch

from modeling.alignment import AlignedDocument
from modeling.encoders import load_encoder
from modeling.tagger import Tagger
from modeling.tokens import tokenize


def long_text(words: int) -> str:
    return " ".join(f"{chr(97 + n % 26)}{n * n % 89}" for n in range(words))


def align(tagger, *texts):
    return tagger.align([(text, tokenize(text)) for text in texts])


@torch.inference_mode()
def test_a_document_scores_the_same_alone_and_in_any_batch(small_tagger):
    documents = align(small_tagger, "Ada met Kew.", long_text(100), "中国人民")
    together, mask = small_tagger.emissions(documents)
    in_pieces, _ = small_tagger.emissions(documents, tokens_per_batch=70)

    assert mask.sum(1).tolist() == [document.tokens for document in documents]
    torch.testing.assert_close(together, in_pieces)
    for row, document in enumerate(documents):
        alone, _ = small_tagger.emissions([document])
        torch.testing.assert_close(alone[0], together[row, : document.tokens])
        assert not together[row, document.tokens :].any()


@torch.inference_mode()
def test_an_emission_is_that_of_its_own_window(small_tagger):
    (document,) = align(small_tagger, long_text(300))
    assert len(document.windows) > 5
    emissions, _ = small_tagger.emissions([document])

    for token in range(0, document.tokens, 7):
        index, position = document.token_windows[token], document.token_positions[token]
        window = torch.from_numpy(document.windows[index])[None]
        states = small_tagger.encoder(input_ids=window).last_hidden_state
        expected = small_tagger.head(states[0, position])
        torch.testing.assert_close(emissions[0, token], expected)


SENTENCE = "On Tuesday Hooker sent twelve boxes from Darjeeling to the gardens. "


@torch.inference_mode()
def test_a_token_beyond_512_is_read_as_if_its_window_were_the_document(bundled_tagger):
    (document,) = align(bundled_tagger, SENTENCE * 250)
    assert document.sub_tokens > 3000
    emissions, _ = bundled_tagger.emissions([document], tokens_per_batch=2048)

    index = document.token_windows[document.tokens // 2]
    inside = (document.token_windows == index).nonzero()[0]
    alone = AlignedDocument(
        windows=(document.windows[index],),
        token_windows=inside * 0,
        token_positions=document.token_positions[inside],
        shapes=document.shapes[inside],
    )
    expected, _ = bundled_tagger.emissions([alone])
    torch.testing.assert_close(emissions[0, inside], expected[0], atol=1e-4, rtol=1e-4)


@torch.inference_mode()
def deviation_at_seams(tagger: Tagger) -> float:
    """Say a sentence 250 times; compare its scores beside a seam and elsewhere."""
    (document,) = align(tagger, SENTENCE * 250)
    emissions, _ = tagger.emissions([document], tokens_per_batch=2048)
    said = emissions[0].view(250, len(tokenize(SENTENCE)), -1)
    deviation = (said - said.mean(0)).abs().mean(2).flatten()
    seams = document.token_windows[1:] != document.token_windows[:-1]
    is_at_seam = torch.zeros(document.tokens, dtype=torch.bool)
    for seam in seams.nonzero()[0]:
        is_at_seam[seam - 3 : seam + 3] = True
    return float(deviation[is_at_seam].mean() / deviation[~is_at_seam].mean())


def test_a_seam_between_windows_does_not_show(bundled_tagger):
    tokenizer = bundled_tagger.sub_tokenizer.tokenizer
    without_context = Tagger(bundled_tagger.encoder, tokenizer, ["PER"], context=0)

    assert deviation_at_seams(bundled_tagger) < 1.1
    assert deviation_at_seams(without_context.eval()) > 1.2


def test_recomputed_activations_give_the_same_gradients(small_tagger):
    document, tags = align(small_tagger, long_text(150))[0], torch.zeros(1, 150).long()
    for module in small_tagger.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    small_tagger.train()
    gradients = []
    for budget in (None, 64):
        emissions, mask = small_tagger.emissions([document], budget)
        small_tagger.zero_grad()
        tags = torch.zeros(mask.shape, dtype=torch.long)
        (-small_tagger.crf(emissions, tags, mask)).backward()
        gradients.append([p.grad.clone() for p in small_tagger.parameters()])

    for whole, recomputed in zip(*gradients, strict=True):
        torch.testing.assert_close(whole, recomputed, atol=1e-4, rtol=1e-3)


def test_memory_for_a_long_document_is_bounded_by_the_budget(small_tagger):
    """Count what autograd keeps: with a budget, no activations of the encoder."""
    (document,) = align(small_tagger, long_text(600))
    small_tagger.train()
    kept = []
    for budget in (None, 128):
        total = 0

        def pack(tensor):
            nonlocal total
            total += tensor.numel() * tensor.element_size()
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
            small_tagger.emissions([document], budget)
        kept.append(total)

    assert kept[1] < kept[0] / 10


def test_other_labels_keep_what_was_learnt(small_tagger):
    other = small_tagger.with_labels(["LOC", "ORG"])

    assert other.tag_names == ("O", "B-LOC", "I-LOC", "B-ORG", "I-ORG")
    old, new = [0, 3, 4], [0, 1, 2]
    torch.testing.assert_close(other.head.weight[new], small_tagger.head.weight[old])
    torch.testing.assert_close(
        other.crf.transitions[:3, :3], small_tagger.crf.transitions[old][:, old]
    )
    torch.testing.assert_close(
        other.crf.end_transitions[new], small_tagger.crf.end_transitions[old]
    )
    first = next(other.encoder.parameters())
    with torch.no_grad():
        first.add_(1.0)
    assert not torch.equal(first, next(small_tagger.encoder.parameters()))


@pytest.mark.parametrize("words", [3, 200])
def test_any_encoder_fits(roberta_folder, words):
    encoder, tokenizer = load_encoder(str(roberta_folder))
    tagger = Tagger(encoder, tokenizer, ["PER"]).eval()
    documents = align(tagger, long_text(words), "x")
    emissions, mask = tagger.emissions(documents)

    assert tagger.max_length == 64
    assert emissions.shape == (2, words, 3)
    assert torch.isfinite(emissions).all()
    assert mask[0].all()
