"""Writing an encoder as an ONNX graph: traced once, fused, checked against torch."""

import copy
import io
import logging
import os
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from modeling.encoders import max_positions
from modeling.onnx_encoder import OnnxEncoder, OnnxError, refusing

_OPSET: Final = 18
# Lowest cosine of a sub-token's states to torch's, averaged over a probe.
_LIKENESS: Final = {"onnx": 0.99999, "onnx-int8": 0.9}
_LONGEST_PROBE: Final = 512


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
        with refusing("export"), _quiet():
            model: Any = copy.deepcopy(encoder).eval()
            model.set_attn_implementation("eager")  # the form that is fused below
            traced.write_bytes(_trace(model))
            _fuse(traced, fused, model.config)
            if engine == "onnx-int8":
                traced, fused = fused, traced
                _quantise(traced, fused)
        exported = OnnxEncoder(fused, model.config)
        with refusing("run"):
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
