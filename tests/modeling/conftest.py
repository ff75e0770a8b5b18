"""Encoders and tokenizers shared by the tests of the model."""

from collections.abc import Callable

import pytest
import torch
from tokenizers import Tokenizer, decoders, pre_tokenizers, trainers
from tokenizers.models import BPE, Unigram
from tokenizers.processors import RobertaProcessing
from transformers import (
    AutoTokenizer,
    PreTrainedTokenizerFast,
    RobertaConfig,
    RobertaModel,
)

from modeling.alignment import SubTokenizer
from modeling.encoders import (
    build_scratch_encoder,
    bundled_encoder_path,
    load_encoder,
)
from modeling.examples import Example
from modeling.spans import Span
from modeling.tagger import Tagger
from modeling.tokens import tokenize

CORPUS = [
    'Ada wrote to Mr. Babbage: "The engine weaves." He agreed; (so did Kew).',
    "Hooker sent 12 boxes from Darjeeling to Kew (London) in May 1849.",
    "中国人民银行在北京。中国人民大学也在北京。",
    "İstanbul'da naïve café, re\u0301sume\u0301: 😀👩‍👩‍👧 ok!",
]


@pytest.fixture(scope="session")
def minilm_tokenizer():
    return AutoTokenizer.from_pretrained(
        str(bundled_encoder_path()), local_files_only=True
    )


@pytest.fixture(scope="session")
def byte_level_tokenizer():
    """A tokenizer of RoBERTa's kind: a space belongs to the word behind it."""
    core = Tokenizer(BPE(unk_token="<unk>"))
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = decoders.ByteLevel()
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    trainer = trainers.BpeTrainer(
        vocab_size=600,
        special_tokens=special,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    core.train_from_iterator(CORPUS * 5, trainer)
    core.post_processor = RobertaProcessing(("</s>", 2), ("<s>", 0))
    return PreTrainedTokenizerFast(
        tokenizer_object=core, unk_token="<unk>", pad_token="<pad>"
    )


@pytest.fixture(scope="session")
def metaspace_tokenizer():
    """A tokenizer of SentencePiece's kind: Han characters are joined."""
    core = Tokenizer(Unigram())
    core.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.UnigramTrainer(
        vocab_size=300, special_tokens=["<pad>", "<unk>"], unk_token="<unk>"
    )
    core.train_from_iterator([*CORPUS * 5, *["中国人民"] * 20], trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=core, unk_token="<unk>", pad_token="<pad>"
    )


@pytest.fixture(scope="session", params=["minilm", "byte_level", "metaspace"])
def sub_tokenizer(request) -> SubTokenizer:
    return SubTokenizer(request.getfixturevalue(f"{request.param}_tokenizer"))


@pytest.fixture
def annotated() -> Callable[[str], Example]:
    """Read ``[Ada|PER] wrote`` as a text with its spans."""
    return read_brackets


def read_brackets(marked: str) -> Example:
    text, spans = "", []
    for part in marked.split("["):
        mention, bracket, rest = part.partition("]")
        if bracket:
            surface, _, label = mention.rpartition("|")
            spans.append(Span(len(text), len(text) + len(surface), label))
            text += surface + rest
        else:
            text += part
    return Example(text, tuple(tokenize(text)), tuple(spans))


@pytest.fixture
def small_tagger() -> Tagger:
    """A small tagger with random weights; windows of 64 sub-tokens."""
    torch.manual_seed(0)
    encoder, tokenizer = build_scratch_encoder(CORPUS * 2, hidden_size=48, layers=2)
    tagger = Tagger(
        encoder, tokenizer, ["PER", "LOC"], max_length=64, context=16, dropout=0.0
    )
    return tagger.eval()


@pytest.fixture
def roberta_folder(tmp_path, byte_level_tokenizer):
    """A RoBERTa of random weights saved as a local folder."""
    config = RobertaConfig(
        vocab_size=len(byte_level_tokenizer),
        hidden_size=48,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=96,
        max_position_embeddings=66,
        pad_token_id=1,
    )
    folder = tmp_path / "roberta"
    RobertaModel(config).save_pretrained(folder)
    byte_level_tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def bundled_tagger() -> Tagger:
    """The bundled encoder under an untrained head; not to be changed."""
    torch.manual_seed(0)
    encoder, tokenizer = load_encoder("bundled")
    return Tagger(encoder, tokenizer, ["PER", "LOC"]).eval()


@pytest.fixture(scope="session", autouse=True)
def one_torch_thread():
    """Small tensors gain nothing from threads that wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(params=["products", "log-sum-exp"])
def engine(request, monkeypatch):
    """Run a test with scaled products and with the slow and safe recursion."""
    if request.param == "log-sum-exp":
        monkeypatch.setattr("modeling.lattice.Lattice.safe_steps", lambda self: 0)
