"""A whole Marginalia in processes of its own, for tests that cross those lines."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import psycopg

from tests.services import free_port, wait_for_port

ROOT = Path(__file__).resolve().parent.parent.parent
T = TypeVar("T")


class Site:
    """Runs manage.py, workers, beat and the web server on one private state folder."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        self.log = folder / "processes.log"
        self.database_url = environment.get("DATABASE_URL", "")
        self.environment = {
            **{k: v for k, v in os.environ.items() if k != "DJANGO_SETTINGS_MODULE"},
            "VAR_DIR": str(folder),
            "DATABASE_URL": self.database_url,
            "REDIS_URL": "",
            "RUN_HEARTBEAT_SECONDS": "1",
            "RUN_ORPHANED_SECONDS": "4",
            "TRAINING_MIN_STEPS": "30",
            "TRAINING_MAX_STEPS": "30",
            **environment,
        }
        self.processes: list[subprocess.Popen[bytes]] = []

    def manage(self, *arguments: str) -> str:
        """Run a management command to its end; its standard output."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise AssertionError(f"{arguments}: {done.stdout}{done.stderr}")
        return done.stdout

    def manage_json(self, *arguments: str) -> Any:
        return json.loads(self.manage(*arguments, "--json").splitlines()[-1])

    def start_worker(self, concurrency: int = 1) -> subprocess.Popen[bytes]:
        options = ["-Q", "gpu,default", "-c", str(concurrency), "-l", "INFO"]
        return self._start("celery", "-A", "tasks", "worker", *options)

    def start_beat(self) -> subprocess.Popen[bytes]:
        return self._start("celery", "-A", "tasks", "beat", "--pidfile", "")

    def start_web(self, port: int | None = None) -> str:
        """Serve the pages, at a free port or a given one; gives the address."""
        port = port or free_port()
        self.manage("collectstatic", "--no-input", "-v", "0")
        where = ["--bind", f"127.0.0.1:{port}", "--threads", "4"]
        self._start("gunicorn", "annotator.wsgi", *where)
        wait_for_port(port, 60)
        return f"http://127.0.0.1:{port}"

    def _start(self, *command: str) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", *command],
                cwd=ROOT,
                env=self.environment,
                start_new_session=True,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self.processes.append(process)
        return process

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """SIGKILL a process and all it started: no clean-up of any kind runs."""
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)
        self.processes.remove(process)

    def close(self) -> None:
        for process in list(self.processes):
            self.kill(process)

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Read the database past all of the program's own code."""
        if not self.database_url:
            path = self.folder / "marginalia.sqlite3"
            connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30)
            try:
                return connection.execute(query, values).fetchall()
            finally:
                connection.close()
        with psycopg.connect(self.database_url) as session:
            return session.execute(query.replace("?", "%s"), values).fetchall()  # type: ignore[arg-type]

    def value(self, query: str, *values: Any) -> Any:
        found: Sequence[tuple[Any, ...]] = self.rows(query, *values)
        return found[0][0] if found else None

    def wait_for(self, ask: Callable[[], T], seconds: float, what: str) -> T:
        """Ask until the answer is true; fail with the log's tail after a while."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if answer := ask():
                return answer
            time.sleep(0.1)
        tail = self.log.read_text(errors="replace")[-4000:]
        raise AssertionError(f"Not within {seconds} s: {what}\n{tail}")
