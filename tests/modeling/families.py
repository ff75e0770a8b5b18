"""Tiny encoders of random weights, each family with a tokenizer of its own kind."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import torch
import transformers
from tokenizers import (
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    trainers,
)
from tokenizers.processors import TemplateProcessing
from transformers import PreTrainedModel, PreTrainedTokenizerFast

CORPUS: Final = [
    "Ada wrote to Mr. Babbage: “The engine weaves.” He agreed; (so did Kew).",
    "Hooker sent 12 boxes from Darjeeling to Kew (London) in May 1849.",
    "中国人民银行在北京。中国人民大学也在北京。",
    "naïve café, 😀👩‍👩‍👧 ok!",
] * 5
SIZE: Final[dict[str, Any]] = {
    "hidden_size": 32,
    "num_hidden_layers": 3,
    "num_attention_heads": 2,
    "intermediate_size": 64,
}


def _learnt(core: Tokenizer, trainer: Any) -> dict[str, Any]:
    """Train a tokenizer's model and give its parts."""
    core.train_from_iterator(CORPUS, trainer)
    learnt: dict[str, Any] = json.loads(core.to_str())["model"]
    return learnt


def _byte_pairs(special: list[str]) -> dict[str, Any]:
    core = Tokenizer(models.BPE())
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=420, special_tokens=special, initial_alphabet=alphabet
    )
    learnt = _learnt(core, trainer)
    merges = [tuple(pair) for pair in learnt["merges"]]
    return {"vocab": learnt["vocab"], "merges": merges}


def _unigram(special: list[str], unknown: str) -> dict[str, Any]:
    core = Tokenizer(models.Unigram())
    core.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.UnigramTrainer(
        vocab_size=300, special_tokens=special, unk_token=unknown
    )
    vocab = _learnt(core, trainer)["vocab"]
    return {"vocab": [(piece, float(score)) for piece, score in vocab]}


def _word_pieces() -> dict[str, Any]:
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    core = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    core.normalizer = normalizers.BertNormalizer(lowercase=True)
    core.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(vocab_size=300, special_tokens=special)
    return {"vocab": _learnt(core, trainer)["vocab"]}


def _bert() -> tuple[PreTrainedModel, Any]:
    tokenizer = transformers.BertTokenizer(**_word_pieces())
    config = transformers.BertConfig(
        vocab_size=len(tokenizer), max_position_embeddings=48, **SIZE
    )
    return transformers.BertModel(config), tokenizer


def _roberta() -> tuple[PreTrainedModel, Any]:
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    tokenizer = transformers.RobertaTokenizer(**_byte_pairs(special))
    config = transformers.RobertaConfig(
        vocab_size=len(tokenizer), max_position_embeddings=50, pad_token_id=1, **SIZE
    )
    return transformers.RobertaModel(config), tokenizer


def _xlm_roberta() -> tuple[PreTrainedModel, Any]:
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    tokenizer = transformers.XLMRobertaTokenizer(**_unigram(special, "<unk>"))
    config = transformers.XLMRobertaConfig(
        vocab_size=len(tokenizer), max_position_embeddings=50, pad_token_id=1, **SIZE
    )
    return transformers.XLMRobertaModel(config), tokenizer


def _deberta() -> tuple[PreTrainedModel, Any]:
    special = ["[CLS]", "[PAD]", "[SEP]", "[UNK]", "[MASK]"]
    tokenizer = transformers.DebertaTokenizer(**_byte_pairs(special))
    config = transformers.DebertaConfig(
        vocab_size=len(tokenizer),
        max_position_embeddings=48,
        relative_attention=True,
        pos_att_type=["c2p", "p2c"],
        pad_token_id=tokenizer.pad_token_id,
        **SIZE,
    )
    return transformers.DebertaModel(config), tokenizer


def _deberta_v2() -> tuple[PreTrainedModel, Any]:
    special = ["[PAD]", "[CLS]", "[SEP]", "[UNK]", "[MASK]"]
    parts = _unigram(special, "[UNK]")
    tokenizer = transformers.DebertaV2Tokenizer(**parts, unk_id=3)
    config = transformers.DebertaV2Config(
        vocab_size=len(tokenizer),
        max_position_embeddings=48,
        relative_attention=True,
        position_buckets=8,
        pos_att_type=["p2c", "c2p"],
        position_biased_input=False,
        norm_rel_ebd="layer_norm",
        share_att_key=True,
        **SIZE,
    )
    return transformers.DebertaV2Model(config), tokenizer


def _modernbert() -> tuple[PreTrainedModel, Any]:
    special = ["[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]"]
    parts = _byte_pairs(special)
    core = Tokenizer(models.BPE(**parts))
    core.normalizer = normalizers.NFC()
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = decoders.ByteLevel()
    core.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]",
        special_tokens=[(name, parts["vocab"][name]) for name in ("[CLS]", "[SEP]")],
    )
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=core,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
    )
    config = transformers.ModernBertConfig(
        vocab_size=len(tokenizer),
        max_position_embeddings=8192,
        local_attention=16,
        pad_token_id=tokenizer.pad_token_id,
        cls_token_id=tokenizer.cls_token_id,
        sep_token_id=tokenizer.sep_token_id,
        bos_token_id=None,
        eos_token_id=None,
        **SIZE,
    )
    return transformers.ModernBertModel(config), tokenizer


FAMILIES: Final[dict[str, Callable[[], tuple[PreTrainedModel, Any]]]] = {
    "bert": _bert,
    "roberta": _roberta,
    "xlm-roberta": _xlm_roberta,
    "deberta": _deberta,
    "deberta-v2": _deberta_v2,
    "modernbert": _modernbert,
}
POSITIONS: Final = {
    "bert": 48,
    "roberta": 48,  # 50 less the padding's two
    "xlm-roberta": 48,
    "deberta": 48,
    "deberta-v2": 48,
    "modernbert": 8192,
}


def save_family(name: str, folder: Path) -> None:
    """Write an encoder and its tokenizer as the hub has them."""
    torch.manual_seed(0)
    model, tokenizer = FAMILIES[name]()
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
