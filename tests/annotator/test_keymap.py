"""The server and the browser have one keymap; a person's keys leave no command lost."""

import json
import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotator import keymap

COMMANDS = sorted({*keymap.standard().values()} - {keymap.FIXED})


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
def test_the_server_reads_the_browser_s_keymap() -> None:
    script = (
        f"import {{ KEYMAP }} from {json.dumps(keymap.SOURCE.as_uri())};"
        "console.log(JSON.stringify(KEYMAP));"
    )
    command = ["node", "--input-type=module", "--eval", script]
    reply = subprocess.run(command, capture_output=True, text=True, check=True)
    assert keymap.standard() == json.loads(reply.stdout)


@pytest.mark.parametrize(
    "chord", ["a", "é", "Ctrl+Shift+k", "Alt+F2", "=", "Ctrl++", "字"]
)
def test_any_free_key_can_stand_for_a_command(chord: str) -> None:
    keymap.check({"accept": chord})


@pytest.mark.parametrize(
    "chord", ["", "Q", "\ud800", "Alt+Ctrl+k", "ab", "\t", "Ctrl+"]
)
def test_what_no_key_press_gives_is_refused(chord: str) -> None:
    with pytest.raises(keymap.KeyRefused, match="is not a key"):
        keymap.check({"accept": chord})


def test_two_commands_may_swap_their_keys() -> None:
    keymap.check({"skip": "f", "flag": "s"})


def test_a_freed_key_is_free() -> None:
    keymap.check({"reject": "q", "skip": "x"})


@given(
    st.dictionaries(
        st.sampled_from(COMMANDS), st.sampled_from([*keymap.standard(), "a", "Ctrl+q"])
    )
)
def test_whatever_is_let_through_gives_every_command_a_key_of_its_own(
    own: dict[str, str],
) -> None:
    try:
        keymap.check(own)
    except keymap.KeyRefused:
        return
    kept = {c: name for c, name in keymap.standard().items() if name not in own}
    taken = [*kept, *own.values()]
    assert len(taken) == len(set(taken))
    assert {*kept.values(), *own} == {*keymap.standard().values()}
