import pytest
import torch

from modeling import devices
from modeling.devices import autocast_dtype, resolve_device

CPU = torch.device("cpu")


def test_auto_takes_cuda_if_it_is_there(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert resolve_device("auto").type == "cuda"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert resolve_device("auto") == CPU


def test_a_device_that_is_not_there_is_named(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ValueError, match="'cuda:1'"):
        resolve_device("cuda:1")
    with pytest.raises(ValueError, match="'abacus'"):
        resolve_device("abacus")


@pytest.mark.parametrize(
    ("bf16_seconds", "chosen"), [(0.5, torch.bfloat16), (0.9, None)]
)
def test_a_cpu_computes_in_bf16_only_if_a_probe_gains(
    monkeypatch, bf16_seconds, chosen
):
    probes = []

    def seconds(dtype):
        probes.append(dtype)
        return bf16_seconds if dtype == torch.bfloat16 else 1.0

    monkeypatch.setattr(devices, "_matmul_seconds", seconds)
    monkeypatch.setattr(devices, "_CPU_GAIN", 1.3)
    devices._cpu_gains_from_bf16.cache_clear()
    assert autocast_dtype(CPU) == chosen
    assert autocast_dtype(CPU) == chosen
    assert len(probes) == 2
    devices._cpu_gains_from_bf16.cache_clear()


def test_a_gpu_computes_in_bf16_if_it_can(monkeypatch):
    gpu = torch.device("cuda")
    for can in (True, False):
        monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda *a, can=can: can)
        assert autocast_dtype(gpu) == (torch.bfloat16 if can else None)


def test_a_precision_can_be_asked_for():
    assert autocast_dtype(CPU, "bf16") == torch.bfloat16
    assert autocast_dtype(CPU, "fp32") is None
    with pytest.raises(ValueError, match="'fp64'.*fp32"):
        autocast_dtype(CPU, "fp64")


def test_the_probe_measures():
    assert 0 < devices._matmul_seconds(torch.float32) < 1
