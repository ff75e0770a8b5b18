"""An encoder that was exported to ONNX, and what goes wrong with one."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnxruntime
import torch
from torch import Tensor, nn

from modeling.lexical import EncoderOutput

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
        with refusing("load"):
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


@contextmanager
def refusing(what: str) -> Iterator[None]:
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
