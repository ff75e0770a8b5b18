"""Which server runs Django: requests a second of gunicorn, granian and uvicorn.

Needs ``pip install granian uvicorn`` beside the requirements. Each server gets the
same two processes and the same requests, in interleaved rounds: project list,
project page, documents, an annotation (JSON).
"""

import argparse
import http.client
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.services import free_port, wait_for_port

ROOT = Path(__file__).resolve().parent.parent
CLIENTS = 8
SERVERS = {
    "gunicorn": ["gunicorn", "annotator.wsgi", "--workers", "2", "--threads", "4"],
    "granian": [
        *("granian", "annotator.wsgi:application", "--interface", "wsgi"),
        *("--workers", "2", "--blocking-threads", "4", "--log-level", "warning"),
    ],
    "uvicorn": [
        *("uvicorn", "--factory", "benchmarks.servers:asgi", "--workers", "2"),
        *("--log-level", "warning"),
    ],
}


def asgi() -> object:
    """Django as an ASGI application, for uvicorn."""
    from django.core.asgi import get_asgi_application

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "annotator.settings")
    return get_asgi_application()


def _manage(environment: dict[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


def _session(environment: dict[str, str]) -> str:
    script = (
        "from django.test import Client; from django.contrib.auth.models import User;"
        "c = Client(); c.force_login(User.objects.get(username='annotator'));"
        "print(c.cookies['sessionid'].value)"
    )
    return _manage(environment, "shell", "-v", "0", "-c", script).splitlines()[-1]


@contextmanager
def serving(name: str, environment: dict[str, str]) -> Iterator[int]:
    port = free_port()
    if name == "gunicorn":
        where = ["--bind", f"127.0.0.1:{port}", "--log-level", "warning"]
    else:
        where = ["--host", "127.0.0.1", "--port", str(port)]
    command = [sys.executable, "-m", *SERVERS[name], *where]
    server = subprocess.Popen(command, cwd=ROOT, env=environment)
    try:
        wait_for_port(port, 60)
        yield port
    finally:
        server.terminate()
        server.wait(20)


def requests_per_second(port: int, cookie: str, path: str, seconds: float) -> float:
    counts: list[int] = []
    until = time.monotonic() + seconds

    def ask() -> None:
        session = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        count = 0
        while time.monotonic() < until:
            session.request("GET", path, headers={"Cookie": f"sessionid={cookie}"})
            response = session.getresponse()
            response.read()
            assert response.status == 200, (path, response.status)
            count += 1
        counts.append(count)

    threads = [threading.Thread(target=ask) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / seconds


def measure(rounds: int, seconds: float) -> dict[str, object]:
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "VAR_DIR": folder, "LOG_LEVEL": "ERROR"}
        _manage(environment, "migrate", "-v", "0")
        _manage(environment, "demo")
        _manage(environment, "collectstatic", "--no-input", "-v", "0")
        cookie = _session(environment)
        paths = ["/", "/projects/1/", "/projects/1/documents/"]
        paths.append("/api/documents/1/annotation")
        seen: dict[str, dict[str, list[float]]] = {
            name: {path: [] for path in paths} for name in SERVERS
        }
        for _ in range(rounds):
            for name in SERVERS:
                with serving(name, environment) as port:
                    requests_per_second(port, cookie, paths[0], 1)  # warm up
                    for path in paths:
                        rate = requests_per_second(port, cookie, path, seconds)
                        seen[name][path].append(rate)
    medians = {
        name: {path: statistics.median(rates) for path, rates in of_path.items()}
        for name, of_path in seen.items()
    }
    return {
        "requests_per_second": medians,
        **{
            f"{name}_vs_gunicorn": statistics.geometric_mean(
                medians[name][path] / medians["gunicorn"][path] for path in paths
            )
            for name in ("granian", "uvicorn")
        },
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3)
    arguments = parser.parse_args()
    result = measure(arguments.rounds, arguments.seconds)
    print(json.dumps(result) if arguments.json else json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
