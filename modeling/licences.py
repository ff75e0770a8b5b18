"""The licence of an encoder, from what lies beside its weights."""

import re
from pathlib import Path
from typing import Final

from modeling.card import NO_LICENCE, UNKNOWN_LICENCE
from modeling.encoders import bundled_encoder_path
from modeling.names import BUNDLED, OVER_WORDS, SCRATCH

_LICENCE: Final = re.compile(r"^licen[sc]e:[ \t]*[\"']?([^\s\"']+)", re.MULTILINE)


def encoder_licence(name: str) -> str:
    """Say under which licence an encoder's weights are.

    Args:
        name: See `modeling.encoders.load_encoder`.

    Returns:
        The identifier in the front matter of the README.md in the encoder's folder, or
        a sentence that says there is none.
    """
    if name in (SCRATCH, *OVER_WORDS):
        return NO_LICENCE
    folder = bundled_encoder_path() if name == BUNDLED else Path(name)
    try:
        readme = (folder / "README.md").read_text(encoding="utf-8")
    except (OSError, ValueError):
        return UNKNOWN_LICENCE
    if not readme.startswith("---"):
        return UNKNOWN_LICENCE
    front_matter = readme[3:].partition("\n---")[0]
    found = _LICENCE.search(front_matter)
    return found.group(1) if found else UNKNOWN_LICENCE
