import torch

from modeling.lexical import LexicalEmbeddings, WordEncoderConfig, vocabulary_sizes
from modeling.vocabulary import PADDING, SPECIAL, UNKNOWN, WordTokenizer

TOKENIZER = WordTokenizer.from_words(["Kew"] * 99 + ["Ada", "ab"])


def embeddings(**shape) -> LexicalEmbeddings:
    torch.manual_seed(0)
    config = WordEncoderConfig(
        model_type="x", hidden_size=4, **vocabulary_sizes(TOKENIZER), **shape
    )
    module = LexicalEmbeddings(config)
    module.learn_counts(TOKENIZER)
    return module.eval()


def ids_of(*words: str) -> torch.Tensor:
    text = " ".join(words)
    tokens = [(text.index(word), text.index(word) + len(word)) for word in words]
    ((ids, _),) = TOKENIZER.align([(text, tokens)])
    return torch.from_numpy(ids)[None]


def test_a_vector_is_the_word_beside_its_characters():
    module = embeddings(word_size=5, character_filters=7)
    vectors = module(ids_of("Kew", "zzz"))
    assert vectors.shape == (1, 2, 12)
    kew = SPECIAL + TOKENIZER.words.index("kew")
    torch.testing.assert_close(vectors[0, 0, :5], module.words.weight[kew])
    torch.testing.assert_close(vectors[0, 1, :5], module.words.weight[UNKNOWN])


def test_the_characters_are_a_convolution_and_its_maximum():
    module = embeddings(word_size=1)
    vectors = module(ids_of("Ka", "Kew"))[0, 0, 1:]
    letters = ids_of("Ka")[0, 0, 1:3]
    around = torch.stack(
        [torch.zeros(30), *module.characters(letters), torch.zeros(30)]
    )
    scores = [
        torch.einsum("fck,kc->f", module.convolution.weight, around[i : i + 3])
        + module.convolution.bias
        for i in range(2)
    ]
    expected = torch.stack(scores).relu().amax(0)
    torch.testing.assert_close(vectors, expected)


def test_a_longer_neighbour_changes_nothing():
    module = embeddings()
    alone, beside = module(ids_of("Ada")), module(ids_of("Ada", "abracadabra"))
    torch.testing.assert_close(alone[0, 0], beside[0, 0])


def test_padding_has_no_vector():
    module = embeddings()
    padding = torch.full((1, 1, 21), PADDING)
    assert not module(padding).any()


def test_rare_words_are_dropped_by_their_counts_in_training_only():
    module = embeddings(word_size=3, word_dropout=0.25).train()
    ids = ids_of("Kew", "Ada").expand(4000, -1, -1)
    unknown = module.words.weight[UNKNOWN]
    is_dropped = (module(ids)[..., :3] == unknown).all(2).float().mean(0)
    torch.testing.assert_close(
        is_dropped, torch.tensor([0.25 / 99.25, 0.25 / 1.25]), atol=0.03, rtol=0
    )
    assert not (module.eval()(ids)[..., :3] == unknown).all(2).any()
