"""Where to compute, and in which precision."""

import time
from functools import lru_cache
from typing import Final

import torch

PRECISIONS: Final = ("auto", "fp32", "bf16")
# bf16 on a CPU has to win clearly, so that a noisy probe does not choose it.
_CPU_GAIN: Final = 1.3


def resolve_device(name: str = "auto") -> torch.device:
    """Choose a device.

    Args:
        name: "auto" (CUDA if there), or a name that torch knows.

    Returns:
        The device.

    Raises:
        ValueError: If torch does not know the name or the device is not there.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError:
        raise ValueError(f"'{name}' is not the name of a device") from None
    if device.type == "cuda" and not torch.cuda.is_available():
        raise ValueError(f"the device '{name}' was asked for, but CUDA is not here")
    return device


def autocast_dtype(device: torch.device, precision: str = "auto") -> torch.dtype | None:
    """Choose the encoder's precision: bf16 where the device gains from it.

    Args:
        device: Where the encoder runs.
        precision: "auto", "fp32" or "bf16".

    Returns:
        torch.bfloat16, or None for plain fp32.

    Raises:
        ValueError: If the precision is unknown.
    """
    if precision not in PRECISIONS:
        known = ", ".join(PRECISIONS)
        raise ValueError(f"unknown precision '{precision}' (known: {known})")
    if precision == "bf16":
        return torch.bfloat16
    if precision == "fp32":
        return None
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported(False) else None
    if device.type == "cpu" and _cpu_gains_from_bf16():
        return torch.bfloat16
    return None


@lru_cache(maxsize=1)
def _cpu_gains_from_bf16() -> bool:
    """Time one linear layer of a small encoder in both precisions, once a process."""
    return _matmul_seconds(torch.float32) > _CPU_GAIN * _matmul_seconds(torch.bfloat16)


def _matmul_seconds(dtype: torch.dtype) -> float:
    weight = torch.ones(1536, 384, dtype=dtype)
    states = torch.ones(512, 384, dtype=dtype)
    best = float("inf")
    with torch.inference_mode():
        for _ in range(4):
            start = time.perf_counter()
            torch.nn.functional.linear(states, weight)
            best = min(best, time.perf_counter() - start)
    return best
