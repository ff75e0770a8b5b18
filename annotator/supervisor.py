"""Web server, worker and beat together in one terminal, ended by one Ctrl-C."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from urllib.error import URLError

from django.conf import settings

HOST = "127.0.0.1"
GRACE_SECONDS = 5.0


def port_is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def commands(port: int) -> dict[str, list[str]]:
    """The three processes; a cold stop of the worker is safe, see tasks.maintenance."""
    python = [sys.executable, "-m"]
    web = ["gunicorn", "annotator.wsgi", "--bind", f"{HOST}:{port}", "--workers", "2"]
    web += ["--threads", "4", "--graceful-timeout", "2", "--log-level", "warning"]
    celery = ["celery", "--quiet", "-A", "tasks"]
    worker = ["worker", "--queues", "gpu,default", "--concurrency", "2"]
    worker += ["--loglevel", "WARNING", "--without-mingle", "--without-gossip"]
    beat = ["beat", "--loglevel", "WARNING", "--pidfile", ""]
    return {
        "web": [*python, *web],
        "worker": [*python, *celery, *worker],
        "beat": [*python, *celery, *beat],
    }


class Supervisor:
    """Starts the processes, restarts worker and beat if they die, ends all at once."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.commands = commands(port)
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.is_stopping = False

    def run(self, greeting: Sequence[str]) -> int:
        """Serve until interrupted; the exit status is 1 when the web server died."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._stop_asked)
        for name in self.commands:
            self._start(name)
        if self._wait_until_served():
            print("\n".join(greeting), flush=True)
        while not self.is_stopping and self.processes["web"].poll() is None:
            self._restart_dead()
            time.sleep(0.5)
        status = 0 if self.is_stopping else 1
        self._end_all()
        return status

    def _stop_asked(self, number: int, frame: FrameType | None) -> None:
        self.is_stopping = True

    def _start(self, name: str) -> None:
        self.processes[name] = subprocess.Popen(
            self.commands[name],
            cwd=settings.BASE_DIR,
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )

    def _restart_dead(self) -> None:
        for name in ("worker", "beat"):
            status = self.processes[name].poll()
            if status is not None and not self.is_stopping:
                print(f"The {name} ended with status {status}; starting it again.")
                time.sleep(2)
                self._start(name)

    def _wait_until_served(self) -> bool:
        address = f"http://{HOST}:{self.port}/login/"
        while not self.is_stopping and self.processes["web"].poll() is None:
            try:
                with urllib.request.urlopen(address, timeout=2):
                    return True
            except (URLError, OSError):
                time.sleep(0.1)
        return False

    def _end_all(self) -> None:
        """Ask each process group to end, then insist on it."""
        for name, process in self.processes.items():
            # Celery finishes its task on SIGTERM, which may be a long training.
            number = signal.SIGQUIT if name == "worker" else signal.SIGTERM
            _signal(process, number)
        deadline = time.monotonic() + GRACE_SECONDS
        for process in self.processes.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0.1, deadline - time.monotonic()))
            _signal_group(process, signal.SIGKILL)
            process.wait()


def _signal(process: subprocess.Popen[bytes], number: int) -> None:
    if process.poll() is None:
        process.send_signal(number)


def _signal_group(process: subprocess.Popen[bytes], number: int) -> None:
    """Reach what a process left behind in its own session."""
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return


def static_files_are_fresh(stamp: Path, folders: Sequence[Path]) -> bool:
    """Whether nothing changed since the static files were last collected."""
    if not stamp.exists():
        return False
    newest = max(
        path.stat().st_mtime for folder in folders for path in folder.rglob("*")
    )
    return stamp.stat().st_mtime >= newest
