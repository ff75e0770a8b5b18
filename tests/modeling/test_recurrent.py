import pytest
import torch

from modeling.encoders import build_word_encoder
from modeling.recurrent import RecurrentConfig, RecurrentEncoder

SHAPE = {"hidden_size": 12, "word_size": 6, "character_filters": 4}


def ids(encoder, lengths):
    torch.manual_seed(1)
    rows = torch.randint(2, encoder.config.words, (len(lengths), max(lengths), 21))
    rows[..., 1:] %= encoder.config.characters
    mask = torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]
    return rows * mask.unsqueeze(2), mask


@pytest.mark.parametrize("layers", [1, 2])
def test_it_is_a_bidirectional_lstm_over_packed_rows(layers):
    torch.manual_seed(0)
    encoder, _ = build_word_encoder("bilstm", list("abcd"), layers=layers, **SHAPE)
    encoder.eval()
    rows, mask = ids(encoder, [5, 2, 4])
    with torch.inference_mode():
        states = encoder(rows, mask).last_hidden_state
        expected = encoder.embeddings(rows)
        for onward, backward in zip(encoder.onward, encoder.backward_, strict=True):
            expected = packed(onward, backward, expected, mask)
    torch.testing.assert_close(states[mask], expected[mask])


def packed(onward, backward, states, mask):
    """Run torch's own bidirectional LSTM of the same weights."""
    both = torch.nn.LSTM(
        onward.input_size, onward.hidden_size, batch_first=True, bidirectional=True
    )
    weights = onward.state_dict()
    weights |= {f"{k}_reverse": v for k, v in backward.state_dict().items()}
    both.load_state_dict(weights)
    rows = torch.nn.utils.rnn.pack_padded_sequence(
        states, mask.sum(1), batch_first=True, enforce_sorted=False
    )
    return torch.nn.utils.rnn.pad_packed_sequence(both(rows)[0], batch_first=True)[0]


def test_no_mask_means_that_every_word_is_real():
    encoder, _ = build_word_encoder("bilstm", ["a"], **SHAPE)
    rows, mask = ids(encoder.eval(), [3, 3])
    torch.testing.assert_close(
        encoder(rows).last_hidden_state, encoder(rows, mask).last_hidden_state
    )


def test_an_odd_size_is_refused():
    config = RecurrentConfig(words=3, characters=3, hidden_size=7)
    with pytest.raises(ValueError, match="hidden size 7 is odd"):
        RecurrentEncoder(config)
