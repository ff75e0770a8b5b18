"""One command starts everything, one Ctrl-C ends it, and it says what is wrong."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from annotator.supervisor import port_is_free, static_files_are_fresh
from tests.services import free_port
from tests.system.site import ROOT, Site


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    site = Site(tmp_path)
    yield site
    site.close()


def refused(site: Site, *arguments: str, **environment: str) -> str:
    """The one line that a command ends with when it cannot start."""
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=site.environment | environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    return lines[0]


def test_a_port_in_use_is_named(site: Site) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = str(holder.getsockname()[1])
        assert not port_is_free(int(port))
        assert refused(site, "up", PORT=port) == (
            f"CommandError: Port {port} is in use; choose another, "
            "for example PORT=8001."
        )


def test_a_port_that_is_no_port_is_named(site: Site) -> None:
    sentence = "CommandError: PORT='http' must be a number from 1 to 65535."
    assert refused(site, "up", PORT="http") == sentence


def test_a_bad_setting_stops_every_command_with_one_sentence(site: Site) -> None:
    assert refused(site, "up", DEVICE="tpu") == (
        "Configuration: DEVICE='tpu' must be auto, cpu, cuda, cuda:N or mps."
    )


def test_static_files_are_collected_again_after_a_change(tmp_path: Path) -> None:
    source, stamp = tmp_path / "source", tmp_path / "stamp"
    source.mkdir()
    (source / "a.css").write_text("")
    assert not static_files_are_fresh(stamp, [source])
    stamp.touch()
    assert static_files_are_fresh(stamp, [source])
    later = time.time() + 10
    os.utime(source / "a.css", (later, later))
    assert not static_files_are_fresh(stamp, [source])


@pytest.mark.slow
def test_one_interrupt_ends_the_server_the_worker_and_beat(site: Site) -> None:
    port = free_port()
    with site.log.open("wb") as log:
        up = subprocess.Popen(
            [sys.executable, "manage.py", "up", "--no-demo"],
            cwd=ROOT,
            env=site.environment | {"PORT": str(port)},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    site.processes.append(up)
    greeting = f"Marginalia is at http://127.0.0.1:{port}/"
    site.wait_for(lambda: greeting in site.log.read_text(), 90, "the greeting")
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/login/") as page:
        assert page.status == 200
    workers = "SELECT count(*) FROM annotator_worker"
    site.wait_for(lambda: site.value(workers) == 1, 60, "a worker")
    children = _children_of(up.pid)
    assert len(children) == 3
    up.send_signal(signal.SIGINT)
    assert up.wait(30) == 0
    site.processes.remove(up)
    assert [pid for pid in children if Path(f"/proc/{pid}").exists()] == []


def _children_of(pid: int) -> list[int]:
    threads = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for thread in threads for child in thread.read_text().split()]
