"""A trained encoder in ONNX Runtime: on a CPU faster than torch, in fp32 or int8.

The graph is kept beside the checkpoint it was made from. One that does not say what
torch says is thrown away: every failure is an `OnnxError`, and the caller goes on with
torch.
"""

from pathlib import Path
from typing import Final, Literal

from transformers import PreTrainedModel

from modeling.devices import autocast_dtype
from modeling.onnx_encoder import OnnxEncoder, OnnxError
from modeling.onnx_export import export
from modeling.tagger import Tagger

Engine = Literal["auto", "torch", "onnx", "onnx-int8"]
ENGINES: Final = ("auto", "torch", "onnx", "onnx-int8")
_GRAPH_VERSION: Final = 1  # in the file's name; raise it when the graph changes


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
