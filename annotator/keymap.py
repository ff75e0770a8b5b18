"""The editor's keys, read from js/keymap.js, and whether others may stand for them."""

import re
from collections.abc import Mapping
from functools import cache

from django.conf import settings
from django.utils.translation import gettext as _t

SOURCE = settings.BASE_DIR / "annotator" / "static" / "annotator" / "js" / "keymap.js"
LITERAL = re.compile(r"export const KEYMAP = \{\n(.*?)\n\};", re.DOTALL)
ENTRY = re.compile(r'\s*(?:"([^"]+)"|(\w+)): "(\w+)",')
CHORD = re.compile(r"(Ctrl\+)?(Alt\+)?(Shift\+)?(\S|[A-Z][A-Za-z0-9]{1,19})")
FIXED = "escape"  # the way out stays where everybody looks for it


class KeyRefused(ValueError):
    """A key that a command cannot have; the message is one sentence for a person."""


@cache
def standard() -> dict[str, str]:
    """The keymap as it comes, chord to command; a command may have several chords."""
    literal = LITERAL.search(SOURCE.read_text(encoding="utf-8"))
    if literal is None:
        raise ValueError(f"{SOURCE.name} has no object literal KEYMAP")
    found = {}
    for line in literal[1].splitlines():
        entry = ENTRY.fullmatch(line)
        if entry is None:
            raise ValueError(f"{SOURCE.name} has an entry of another form: {line}")
        quoted, bare, command = entry.groups()
        found[quoted or bare] = command
    return found


def check(own: Mapping[str, str]) -> None:
    """Refuse a person's keys, command to chord, unless all commands can be reached.

    A command with a chord of its own loses those of the keymap.

    Raises:
        KeyRefused: naming the first key or command that does not fit.
    """
    holders = {c: command for c, command in standard().items() if command not in own}
    for command, chord in own.items():
        if command not in standard().values():
            raise KeyRefused(_t("There is no command “%s”.") % command[:40])
        if command == FIXED:
            raise KeyRefused(_t("The key Escape always lets go and cannot be changed."))
        if not _is_chord(chord):
            raise KeyRefused(_t("“%s” is not a key.") % chord[:40])
        if chord in holders:
            values = {"chord": chord, "holder": holders[chord], "command": command}
            sentence = _t(
                "“%(chord)s” is taken by “%(holder)s”: “%(command)s” needs another key."
            )
            raise KeyRefused(sentence % values)
        holders[chord] = command


def _is_chord(chord: str) -> bool:
    """Whether js/keymap.js can give this for a key press: letters are lower case."""
    match = CHORD.fullmatch(chord) if chord.isprintable() else None
    return match is not None and (len(match[4]) > 1 or match[4] == match[4].lower())
