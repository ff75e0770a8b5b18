"""What makes a test find the same on every machine and each time.

`HYPOTHESIS_PROFILE=search` looks for new examples of the property tests.
"""

import math
import os

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(  # how long something takes is no reason to fail
    "repeatable",
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    "search",
    max_examples=1000,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))


@pytest.fixture(autouse=True, scope="session")
def no_processor_gains_from_bf16():
    """Some processors compute in bf16 by themselves, with other last digits."""
    from modeling import devices

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(devices, "_CPU_GAIN", math.inf)
        yield
