"""The Chinese catalogue is complete, and what is compiled is what is written."""

import gettext
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command

LANGUAGE = "zh_Hans"
TOOLS = ("xgettext", "msguniq", "msgmerge", "msgattrib", "msgfmt")
PLACEHOLDER = re.compile(r"%\(\w+\)s|%s|\{\w+\}")
CATALOGUES = settings.BASE_DIR / "locale" / LANGUAGE / "LC_MESSAGES"
DOMAINS = ("django", "djangojs")


@pytest.fixture(autouse=True)
def tools() -> None:
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if not missing:
        return
    sentence = f"The translation tests need gettext ({', '.join(missing)})."
    if os.environ.get("REQUIRE_SERVICES") == "1":
        pytest.fail(sentence)
    pytest.skip(sentence)


@pytest.fixture
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of what can be translated, with its catalogues made anew."""
    for folder in ("annotator", "tasks", "templates", "locale"):
        ignored = shutil.ignore_patterns("vendor", "demo", "__pycache__")
        shutil.copytree(settings.BASE_DIR / folder, tmp_path / folder, ignore=ignored)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(settings, "LOCALE_PATHS", [tmp_path / "locale"])
    for domain in DOMAINS:
        call_command(
            "makemessages",
            locale=[LANGUAGE],
            domain=domain,
            no_obsolete=True,
            no_location=True,
            no_wrap=True,
            verbosity=0,
        )
    yield tmp_path / "locale" / LANGUAGE / "LC_MESSAGES"


def entries(path: Path, *wanted: str) -> list[str]:
    """The msgids that msgattrib lists, without the header's empty one."""
    command = ["msgattrib", *wanted, "--no-obsolete", "--no-wrap", str(path)]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return [found for found in re.findall(r'^msgid "(.+)"$', text, re.M) if found]


def test_every_sentence_is_translated(fresh: Path) -> None:
    for domain in DOMAINS:
        assert entries(fresh / f"{domain}.po", "--untranslated") == []
        assert entries(fresh / f"{domain}.po", "--only-fuzzy") == []


def test_the_catalogues_hold_what_the_sources_say(fresh: Path) -> None:
    for domain in DOMAINS:
        committed = entries(CATALOGUES / f"{domain}.po")
        assert len(committed) > 20
        assert sorted(committed) == sorted(entries(fresh / f"{domain}.po"))


@pytest.mark.parametrize("domain", DOMAINS)
def test_what_is_compiled_is_what_is_written(domain: str, tmp_path: Path) -> None:
    compiled = tmp_path / "fresh.mo"
    source = CATALOGUES / f"{domain}.po"
    subprocess.run(["msgfmt", "--output-file", compiled, source], check=True)
    assert messages(CATALOGUES / f"{domain}.mo") == messages(compiled)


@pytest.mark.parametrize("domain", DOMAINS)
def test_a_translation_keeps_every_placeholder(domain: str) -> None:
    for key, translated in messages(CATALOGUES / f"{domain}.mo").items():
        source = key[0] if isinstance(key, tuple) else key
        assert sorted(PLACEHOLDER.findall(source)) == sorted(
            PLACEHOLDER.findall(translated)
        ), source


def messages(path: Path) -> dict[Any, str]:
    with path.open("rb") as file:
        found: dict[Any, str] = gettext.GNUTranslations(file)._catalog  # type: ignore[attr-defined]
    return {key: value for key, value in found.items() if key}
