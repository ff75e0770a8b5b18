"""Runs all checks: ruff, mypy, node --test and pytest; `make test` calls it.

System packages that the tests need are installed where this runs as root on Debian
or Ubuntu; elsewhere the missing ones are named and only their tests are skipped.
With REQUIRE_SERVICES=1 a missing one is an error.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = {  # Debian package: what shows that it is there
    "chromium": ["/usr/bin/chromium"],
    "fonts-noto-cjk": ["/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"],
    "redis-server": ["/usr/bin/redis-server"],
    "postgresql": [f"/usr/lib/postgresql/{n}/bin/initdb" for n in range(13, 20)],
    "gettext": ["/usr/bin/msgfmt"],
    "nodejs": [shutil.which("node") or "/usr/bin/node"],
    "npm": [shutil.which("npm") or "/usr/bin/npm"],
}


def missing_packages() -> list[str]:
    return [
        package
        for package, signs in PACKAGES.items()
        if not any(Path(sign).exists() for sign in signs)
    ]


def install(packages: list[str]) -> None:
    """Install Debian packages without starting their services."""
    environment = {
        **os.environ,
        "DEBIAN_FRONTEND": "noninteractive",
        "RUNLEVEL": "1",
    }
    for command in (
        ["apt-get", "update", "-qq"],
        ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages],
    ):
        subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)


def provide_packages() -> bool:
    """Whether everything the tests need is there now."""
    missing = missing_packages()
    if missing and os.geteuid() == 0 and shutil.which("apt-get"):
        print(f"Installing {', '.join(missing)}.", flush=True)
        install(missing)
        missing = missing_packages()
    if missing:
        print(f"Missing, their tests are skipped: {', '.join(missing)}.", flush=True)
    return not missing


def checks() -> list[list[str]]:
    python = [sys.executable, "-m"]
    scripts = sorted(str(path) for path in (ROOT / "tests" / "js").glob("*.test.js"))
    commands = [
        [*python, "ruff", "check", "."],
        [*python, "ruff", "format", "--check", "."],
        [*python, "mypy"],
        [*python, "pytest", "--durations=15", *side_by_side(), *sys.argv[1:]],
    ]
    if shutil.which("node"):
        commands.insert(3, ["node", "--test", *scripts])
    return commands


def side_by_side() -> list[str]:
    """Two processes where there are two cores: half of the tests wait for others."""
    return ["-n", "2", "--dist", "worksteal"] if (os.cpu_count() or 1) > 1 else []


def main() -> int:
    if not provide_packages() and os.environ.get("REQUIRE_SERVICES") == "1":
        return 1
    failed = []
    # Threads of several processes on few cores wait for each other more than they work.
    environment = {"OMP_NUM_THREADS": "1", **os.environ}
    for command in checks():
        shown = " ".join(command).replace(f"{ROOT}/", "")
        print(f"\n$ {shown}", flush=True)
        if subprocess.run(command, cwd=ROOT, env=environment).returncode:
            failed.append(shown)
    for command_line in failed:
        print(f"Failed: {command_line}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
