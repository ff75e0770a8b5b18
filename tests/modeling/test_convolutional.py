import pytest
import torch
from torch.nn import functional

from modeling.convolutional import DilatedConvolution
from modeling.encoders import build_word_encoder

SHAPE = {"hidden_size": 6, "word_size": 6, "character_filters": 4, "dropout": 0.0}


def built(**shape):
    torch.manual_seed(0)
    encoder, _ = build_word_encoder("idcnn", list("abcd"), **SHAPE, **shape)
    return encoder


def ids(encoder, *shape):
    torch.manual_seed(1)
    rows = torch.randint(2, encoder.config.words, (*shape, 21))
    rows[..., 1:] %= encoder.config.characters
    return rows


@pytest.mark.parametrize("dilation", [1, 2, 4])
@pytest.mark.parametrize("length", [1, 3, 11])
def test_a_dilated_convolution_is_torchs(dilation, length):
    ours = DilatedConvolution(5, 7, dilation)
    states = torch.randn(2, length, 5)
    # shape: (7, 3, 5) -> (7, 5, 3)
    weight = ours.linear.weight.view(7, 3, 5).transpose(1, 2)
    expected = functional.conv1d(
        states.transpose(1, 2),
        weight,
        ours.linear.bias,
        padding="same",
        dilation=dilation,
    )
    torch.testing.assert_close(ours(states), expected.transpose(1, 2))


def test_the_block_is_applied_again_with_the_same_weights():
    once, thrice = built(iterations=1).eval(), built(iterations=3).eval()
    assert once.state_dict().keys() == thrice.state_dict().keys()
    rows = ids(once, 2, 9)
    states = once(rows).last_hidden_state
    for _ in range(2):
        for convolution in once.block:
            states = convolution(states).relu()
    torch.testing.assert_close(thrice(rows).last_hidden_state, states)


def test_padding_changes_nothing():
    encoder = built().eval()
    rows = ids(encoder, 2, 12)
    mask = torch.arange(12) < torch.tensor([[12], [5]])
    states = encoder(rows, mask).last_hidden_state
    alone = encoder(rows[1:, :5]).last_hidden_state
    torch.testing.assert_close(states[1, :5], alone[0])
    assert not states[1, 5:].any()


def test_a_state_sees_as_far_as_the_dilations_add_up():
    encoder = built(dilations=(1, 2), iterations=2).double().eval()
    reach = 1 + 2 * (1 + 2)
    rows = ids(encoder, 1, 31)
    vectors = encoder.embeddings(rows).detach().requires_grad_()
    encoder.embeddings = torch.nn.Identity()
    seen = torch.zeros(31, dtype=torch.bool)
    for _ in range(20):  # a rectifier may hide a path by chance
        for convolution in (encoder.first, *encoder.block):
            torch.nn.init.normal_(convolution.linear.weight)
        (gradient,) = torch.autograd.grad(
            encoder(vectors).last_hidden_state[0, 15].sum(), vectors
        )
        seen |= gradient[0].abs().sum(1) > 0
    assert seen.nonzero().flatten().tolist() == list(range(15 - reach, 16 + reach))


def test_every_iteration_learns_when_wanted():
    rows = ids(built(), 400, 4)
    given = {}
    for wanted in (True, False):
        encoder = built(iterations=3, learns_every_iteration=wanted).train()
        encoder.embeddings.drop_rates.zero_()
        torch.manual_seed(2)
        given[wanted] = encoder(rows).last_hidden_state
        per_iteration = [
            built(iterations=n).eval()(rows).last_hidden_state for n in (1, 2, 3)
        ]
        is_of = [
            torch.isclose(given[wanted], states, atol=1e-6).all(2).all(1)
            for states in per_iteration
        ]
        shares = [float(rows_of.float().mean()) for rows_of in is_of]
        if wanted:
            assert all(0.25 < share < 0.42 for share in shares)
        else:
            assert shares[2] == 1.0
