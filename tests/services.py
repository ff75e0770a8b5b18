"""Private PostgreSQL and Redis servers on free ports, ended by whoever started them."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def need(program: str | None, name: str) -> str:
    """The program's path; without it skip, or fail where services are required."""
    if program:
        return program
    if os.environ.get("REQUIRE_SERVICES") == "1":
        pytest.fail(f"{name} is not installed and REQUIRE_SERVICES=1.")
    pytest.skip(f"{name} is not installed.")


def _postgres_programs() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)
    on_path = shutil.which("initdb")
    if found:
        return found[0].parent
    return Path(on_path).parent if on_path else None


@contextmanager
def postgres() -> Iterator[str]:
    """A throw-away cluster; gives the URL of its database."""
    programs = _postgres_programs()
    need(str(programs) if programs else None, "PostgreSQL")
    assert programs is not None
    folder = Path(tempfile.mkdtemp(prefix="marginalia-postgres-"))
    account = "postgres" if os.geteuid() == 0 else None  # it refuses to run as root
    if account:
        shutil.chown(folder, account)
    data, port = folder / "data", free_port()
    subprocess.run(
        [
            programs / "initdb",
            "-D",
            data,
            "-U",
            "marginalia",
            "-A",
            "trust",
            "-E",
            "UTF8",
        ],
        check=True,
        user=account,
        cwd=folder,
        stdout=subprocess.DEVNULL,
    )
    options = (
        f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder}"
    )
    control: list[str | Path] = [programs / "pg_ctl", "-D", data, "-w"]
    control += ["-l", folder / "log"]
    subprocess.run(
        [*control, "-o", f"{options} -c fsync=off", "start"],
        check=True,
        user=account,
        cwd=folder,
        stdout=subprocess.DEVNULL,
    )
    try:
        yield f"postgres://marginalia@127.0.0.1:{port}/postgres"
    finally:
        subprocess.run(
            [*control, "-m", "immediate", "stop"],
            check=True,
            user=account,
            cwd=folder,
            stdout=subprocess.DEVNULL,
        )
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def redis() -> Iterator[str]:
    """A Redis server without persistence; gives its URL."""
    program = need(shutil.which("redis-server"), "redis-server")
    port = free_port()
    arguments = ["--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    server = subprocess.Popen([program, *arguments], stdout=subprocess.DEVNULL)
    try:
        wait_for_port(port)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        server.terminate()
        server.wait(10)


def wait_for_port(port: int, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError(f"Nothing listens on port {port} after {seconds} s.")
