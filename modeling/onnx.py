"""A trained encoder in ONNX Runtime: on a CPU faster than torch, in fp32 or int8.

The encoder is traced once, its attention and layer norms are fused, and the graph is
kept beside the checkpoint it was made from. A graph that does not say what torch says
is thrown away: every failure is an `OnnxError`, and the caller goes on with torch.
"""

import copy
import io
import logging
import os
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import onnxruntime
import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from modeling.devices import autocast_dtype
from modeling.encoders import max_positions
from modeling.lexical import EncoderOutput
from modeling.tagger import Tagger

Engine = Literal["auto", "torch", "onnx", "onnx-int8"]
ENGINES: Final = ("auto", "torch", "onnx", "onnx-int8")
_OPSET: Final = 18
_GRAPH_VERSION: Final = 1  # in the file's name; raise it when the graph changes
# Lowest cosine of a sub-token's states to torch's, averaged over a probe.
_LIKENESS: Final = {"onnx": 0.99999, "onnx-int8": 0.9}
_LONGEST_PROBE: Final = 512
# What exporter, optimiser, quantiser and runtime raise for what they do not know.
_REFUSALS: Final = (
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    LookupError,
    AttributeError,
    AssertionError,
)


class OnnxError(Exception):
    """Raised with one sentence when an encoder does not run in ONNX Runtime."""


class OnnxEncoder(nn.Module):
    """An exported encoder that takes the place of the one it was made from.

    It has no weights that torch knows and cannot be trained.

    Attributes:
        tokens_at_once: Sub-tokens that are best encoded in one call. A call costs
            little, so few windows at a time save padding.

    Args:
        path: A file that `export` wrote.
        config: The configuration of the encoder.

    Raises:
        OnnxError: If the file cannot be loaded.
    """

    tokens_at_once: Final = 192

    def __init__(self, path: Path, config: Any) -> None:
        super().__init__()
        self.config = config
        options = onnxruntime.SessionOptions()
        # Batches run side by side, each on one thread, see `modeling.parallel`.
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.enable_mem_pattern = False  # it would be kept for every length
        options.log_severity_level = 4  # what fails is raised
        with _refusing("load"):
            self._session = onnxruntime.InferenceSession(
                str(path), options, providers=["CPUExecutionProvider"]
            )

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor | None = None
    ) -> EncoderOutput:
        """Encode windows.

        Args:
            input_ids: (windows, length), long, on the CPU.
            attention_mask: (windows, length), True at real sub-tokens; None for all.

        Returns:
            States, fp32, (windows, length, hidden); undefined at padding.
        """
        ids = input_ids.numpy()
        mask = np.ones_like(ids) if attention_mask is None else attention_mask.numpy()
        feed = {"ids": ids, "mask": mask.astype(np.int64)}
        return EncoderOutput(torch.from_numpy(self._session.run(None, feed)[0]))

    def train(self, mode: bool = True) -> "OnnxEncoder":
        """Stay in evaluation mode.

        Raises:
            RuntimeError: If training mode is asked for; there is no dropout to draw.
        """
        if mode:
            raise RuntimeError("an exported encoder has no training mode")
        return self


def accelerate(tagger: Tagger, folder: Path, engine: str = "auto") -> Tagger:
    """Let ONNX Runtime do the encoding of a tagger that only predicts from now on.

    Args:
        tagger: A loaded tagger; its encoder is replaced.
        folder: The checkpoint's folder, where the graph is kept: made when it is not
            there yet, which takes some seconds.
        engine: One of `ENGINES`; "auto" is `chosen_engine`'s choice.

    Returns:
        The same tagger.

    Raises:
        OnnxError: If the encoder cannot be exported; the tagger is as it was.
        ValueError: If the engine is unknown.
    """
    if engine not in ENGINES:
        raise ValueError(f"unknown engine '{engine}' (known: {', '.join(ENGINES)})")
    if engine == "auto":
        engine = chosen_engine(tagger)
    if engine == "torch":
        return tagger
    if tagger.device.type != "cpu":
        raise OnnxError(f"{engine} is for the CPU, the model is on {tagger.device}.")
    path = graph_path(folder, engine)
    if not path.is_file():
        export(tagger.encoder, path, engine)
    tagger.encoder = OnnxEncoder(path, tagger.encoder.config)
    return tagger


def graph_path(folder: Path, engine: str) -> Path:
    """Say where a checkpoint's graph for an engine is kept, once it was made."""
    return Path(folder) / f"encoder-{engine}-{_GRAPH_VERSION}.onnx"


def chosen_engine(tagger: Tagger) -> Engine:
    """Choose the fastest engine that leaves predictions as they are.

    That is fp32 in ONNX Runtime on a CPU, unless the CPU computes bf16 fast, and torch
    on any other device and for encoders that are not Hugging Face's.
    """
    is_plain_cpu = (
        tagger.device.type == "cpu"
        and autocast_dtype(tagger.device, tagger.precision) is None
    )
    is_known = isinstance(tagger.encoder, PreTrainedModel)
    return "onnx" if is_plain_cpu and is_known else "torch"


def export(encoder: nn.Module, path: Path, engine: str) -> None:
    """Write an encoder as an ONNX graph, after a check against torch.

    Args:
        encoder: A Hugging Face encoder on the CPU.
        path: Where; the file appears when it is complete.
        engine: "onnx" or "onnx-int8": weights of matrix products in int8, one scale a
            column and seven bits (eight overflow where a CPU adds two products in 16
            bits), activations quantised batch by batch.

    Raises:
        OnnxError: If the encoder cannot be exported or the graph says something else.
    """
    if not isinstance(encoder, PreTrainedModel):
        raise OnnxError(f"{type(encoder).__name__} is not a Hugging Face encoder.")
    folder = path.parent
    with tempfile.TemporaryDirectory(prefix=".onnx-", dir=folder) as name:
        traced, fused = Path(name) / "traced.onnx", Path(name) / "fused.onnx"
        with _refusing("export"), _quiet():
            model: Any = copy.deepcopy(encoder).eval()
            model.set_attn_implementation("eager")  # the form that is fused below
            traced.write_bytes(_trace(model))
            _fuse(traced, fused, model.config)
            if engine == "onnx-int8":
                traced, fused = fused, traced
                _quantise(traced, fused)
        exported = OnnxEncoder(fused, model.config)
        with _refusing("run"):
            likeness = _likeness(encoder, exported)
        if not likeness >= _LIKENESS[engine]:  # not a number is refused too
            raise OnnxError(f"The {engine} graph is unlike torch ({likeness:.4f}).")
        os.replace(fused, path)


class _States(nn.Module):
    """The one output that is wanted, from arguments by position."""

    def __init__(self, encoder: nn.Module) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        states: Tensor = self.encoder(ids, attention_mask=mask).last_hidden_state
        return states


def _trace(encoder: Any) -> bytes:
    """Write the graph for any number of windows and any length."""
    buffer: Any = io.BytesIO()  # the stubs know only paths
    axes = {0: "windows", 1: "length"}
    with torch.no_grad():
        torch.onnx.export(
            _States(encoder),
            _probe(encoder, 2, 9),
            buffer,
            input_names=["ids", "mask"],
            output_names=["states"],
            dynamic_axes={"ids": axes, "mask": axes, "states": axes},
            opset_version=_OPSET,
            dynamo=False,
        )
    graph: bytes = buffer.getvalue()
    return graph


def _fuse(source: Path, target: Path, config: Any) -> None:
    """Join attention, layer norms and activations to single operators."""
    from onnxruntime.transformers import optimizer

    model = optimizer.optimize_model(
        str(source),
        "bert",
        num_heads=getattr(config, "num_attention_heads", 0),
        hidden_size=config.hidden_size,
        opt_level=1,
    )
    model.save_model_to_file(str(target))


def _quantise(source: Path, target: Path) -> None:
    """Turn the weights of matrix products into int8."""
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    quantize_dynamic(
        source,
        target,
        op_types_to_quantize=["MatMul", "Gemm", "Attention"],
        per_channel=True,
        reduce_range=True,
        weight_type=QuantType.QInt8,
        extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT},
    )


@torch.inference_mode()
def _likeness(encoder: nn.Module, exported: OnnxEncoder) -> float:
    """Compare with torch on other shapes than the traced one: the mean cosine."""
    was_training = encoder.training
    encoder.eval()
    cosines = []
    longest = min(_LONGEST_PROBE, max_positions(encoder))
    for windows, length in ((1, 5), (3, min(24, longest)), (1, longest)):
        ids, mask = _probe(encoder, windows, length)
        theirs = encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        ours = exported(ids, mask).last_hidden_state
        is_real = mask.bool()
        cosine = nn.functional.cosine_similarity(theirs[is_real], ours[is_real], dim=1)
        cosines.append(float(cosine.mean()))
    encoder.train(was_training)
    return min(cosines)


def _probe(encoder: Any, windows: int, length: int) -> tuple[Tensor, Tensor]:
    """Draw sub-tokens; every window after the first ends in some padding."""
    generator = torch.Generator().manual_seed(0)
    words = encoder.config.vocab_size
    ids = torch.randint(words, (windows, length), generator=generator)
    ends = length - torch.arange(windows)
    mask = torch.arange(length) < ends.unsqueeze(1)
    padding = getattr(encoder.config, "pad_token_id", None) or 0
    return ids.masked_fill(~mask, padding), mask.long()


@contextmanager
def _refusing(what: str) -> Iterator[None]:
    """Turn what the libraries raise into one sentence."""
    try:
        yield
    except _REFUSALS as error:
        raise OnnxError(_sentence(what, error)) from error
    except Exception as error:
        # The runtime's own exceptions have no base of their own.
        if not type(error).__module__.startswith(("onnx", "torch")):
            raise
        raise OnnxError(_sentence(what, error)) from error


def _sentence(what: str, error: Exception) -> str:
    reason = str(error).strip().splitlines() or [type(error).__name__]
    return f"ONNX Runtime cannot {what} the encoder: {reason[0]}"


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence what exporter, optimiser and quantiser say about their own steps."""
    loggers = [logging.getLogger(n) for n in ("onnxruntime", "symbolic_shape_infer")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    logging.root.addFilter(_is_not_theirs)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.root.removeFilter(_is_not_theirs)
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def _is_not_theirs(record: logging.LogRecord) -> bool:
    """Drop what the runtime's tools log in nobody's name."""
    return "onnxruntime" not in record.pathname
