"""axe-core, which finds what keeps people from using a page (WCAG 2.2 A and AA)."""

import json
import shutil
import subprocess
from functools import cache
from typing import Any

from django.conf import settings

VERSION = "4.14.1"
FOLDER = settings.BASE_DIR / "node_modules" / "axe-core"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
RUN = """async (rules) => {
    const options = {runOnly: rules, resultTypes: ["violations"]};
    const {violations} = await axe.run(document, options);
    return violations.flatMap(({id, help, nodes}) =>
        nodes.map(({html, any}) => {
            const why = any.map(({message}) => message).join(" ");
            return `${id}: ${help}: ${html.slice(0, 200)} ${why.slice(0, 200)}`;
        }));
}"""


@cache
def source() -> str | None:
    """The script, brought by npm once; None where that is impossible."""
    manifest = FOLDER / "package.json"
    is_there = manifest.exists() and json.loads(manifest.read_text())["version"]
    if is_there != VERSION and not _install():
        return None
    return (FOLDER / "axe.min.js").read_text(encoding="utf-8")


def _install() -> bool:
    npm = shutil.which("npm")
    if npm is None:
        return False
    quiet = ["--no-save", "--no-package-lock", "--no-audit", "--no-fund", "--silent"]
    where = ["--prefix", str(settings.BASE_DIR), "--ignore-scripts"]
    command = [npm, "install", *quiet, *where, f"axe-core@{VERSION}"]
    return subprocess.run(command, timeout=120).returncode == 0


def complaints(page: Any) -> list[str]:
    """What axe finds on a page as it is now, a line for each element."""
    if page.evaluate("typeof axe === 'undefined'"):
        page.evaluate(source())
    found: list[str] = page.evaluate(RUN, RULES)
    return found
