"""How fast the editor is: opening a document, a key to its painted span, bytes.

A real Chromium (Playwright; 60 frames a second) at a real server on this machine. Each
run is a fresh window, in turn on three documents: ``long`` has 200,000 characters with
3,000 spans and 3,000 suggestions in 400 lines, ``line`` is the same as a single line,
``short`` has 2,000 characters with 30 and 30. ``open_ms`` counts from the last byte of
the long document's data to the frame that shows it; ``key_ms_p95_*`` from the time
stamp of a label's key to the frame that shows the span, the 95th percentile of a run.
Every edit is undone before the next. Medians over all runs; ``_middle`` is a run's
median.

The end of a frame is the first task behind it, so no frame is added. But a key waits
for the next one, up to 16.7 ms and evenly spread: no page that is drawn 60 times a
second has a 95th percentile below 15.8. ``key_work_ms_p95_*`` leaves that wait out: it
is the time until the page has handled the key, and from the start of the frame to its
end.

With ``--doccano FOLDER`` and ``--label-studio FOLDER``, virtual environments as
``benchmarks.formats`` describes them, both open the same texts with the same spans in
the same Chromium, between our runs; see ``benchmarks.editors`` for the gesture.
``*_vs_doccano`` and ``*_vs_label_studio`` are how many times longer they take, null
where they are not there; ``missing`` says why.

Run ``python -m benchmarks.editor --json``; the last line is one JSON object.
"""

import argparse
import json
import math
import os
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks import editors, furnished
from benchmarks.workspace import workspace

if TYPE_CHECKING:
    from annotator.models import Document

CHROMIUM = "/usr/bin/chromium"
FLAGS = (
    "--no-sandbox",
    "--disable-background-networking",
    # Other hosts fail at once, the same for everybody.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
BUDGETS = {
    "open_ms": 1000,
    "key_ms_p95_long": 50,
    "key_ms_p95_short": 16,
    "requests_per_edit": 1,
    "bytes_per_edit": 2048,
    "page_kb": 150,
}
# Before the page's own scripts, beside the clock that all editors share.
KEYS = """
window.keys = [];
let handled;
addEventListener("keydown", () => { handled = performance.now(); }); // the last one
addEventListener("keydown", async ({ key, timeStamp }) => {
  if (key !== "1") return;
  let frame;
  requestAnimationFrame(() => { frame = performance.now(); });
  const now = await painted();
  const isShown = document.querySelector("#text mark.span.label-0") !== null;
  const work = handled - timeStamp + now - frame;
  window.keys.push(isShown ? [now - timeStamp, work] : [NaN, NaN]);
}, true);
"""
CLICKS = 5  # a visit
SHARED = ("short", "long")  # documents that the peers open too


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--edits", type=int, default=20, help="a run and document")
    parser.add_argument("--doccano", type=Path, help="its virtual environment")
    parser.add_argument("--label-studio", type=Path, help="its virtual environment")
    parser.add_argument("--peer-runs", type=int, default=5, help="a document")
    parser.add_argument(
        "--peer-seconds", type=float, default=240, help="a peer and document"
    )
    parser.add_argument("--json", action="store_true", help="only the JSON object")
    options = parser.parse_args()
    with workspace() as folder:
        report = measure(folder, options)
    if not options.json:
        for name, value in report.items():
            budget = f"  (budget {BUDGETS[name]})" if name in BUDGETS else ""
            print(f"{name:>24}  {value}{budget}")
    print(json.dumps(report))


def measure(folder: str, options: argparse.Namespace) -> dict[str, Any]:
    """Open and edit every document in turn, in our editor and in the peers'."""
    from playwright.sync_api import sync_playwright

    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # Playwright runs a loop here
    documents, cookie = furnished.furnish()
    words = {name: _free_words(documents[name]) for name in SHARED}
    seen: editors.Runs = {name: [] for name in documents}
    with ExitStack() as stack:
        peers, missing = _start_peers(stack, Path(folder), documents, options)
        address = stack.enter_context(furnished.serving(folder))
        playwright = stack.enter_context(sync_playwright())
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        desk = Desk(chromium, address, cookie)
        desk.visit(documents["short"], 1, words["short"])  # warm up
        for peer in peers:
            peer.visit(chromium, "short", words["short"])
            peer.runs["short"].clear()
        for run in range(options.runs):
            for name, document in documents.items():
                places = words.get(name, [])
                seen[name].append(desk.visit(document, options.edits, places))
            for peer in peers if run < options.peer_runs else []:
                for name in SHARED:
                    if peer.may_visit(name, options.peer_seconds):
                        peer.visit(chromium, name, words[name])
        chromium.close()
    by_name = {peer.name: peer for peer in peers}
    report = summarise(seen)
    for name in editors.THEIRS:
        report |= editors.compare(seen, by_name.get(name), name)
    return report | {"missing": missing}


def _start_peers(
    stack: ExitStack,
    folder: Path,
    documents: dict[str, "Document"],
    options: argparse.Namespace,
) -> tuple[list[editors.Peer], dict[str, str]]:
    """Start each peer whose environment is given; why the others are missing."""
    peers, missing = [], {}
    copies = {
        name: _describe(documents[name], options.peer_runs + 1) for name in SHARED
    }
    for name in editors.THEIRS:
        environment = getattr(options, name)
        if environment is None or not (environment / "bin" / "python").exists():
            missing[name] = f"no --{name.replace('_', '-')} with its Python was given"
            continue
        where = folder / name
        started = editors.serving_peer(name, environment, copies, where)
        peers.append(stack.enter_context(started))
    return peers, missing


def _describe(document: "Document", copies: int) -> dict[str, Any]:
    """The text, labels and spans of a document, for a peer's script."""
    spans = document.annotations.get().spans_by_value()
    return {
        "copies": copies,
        "text": document.text,
        "labels": furnished.LABELS,
        "spans": [[span.start, span.end, span.label] for span in spans],
    }


def _free_words(document: "Document") -> list[tuple[int, int]]:
    spans = document.annotations.get().spans_by_value()
    proposed = document.suggestions.values_list("start", "end")
    taken = [*((span.start, span.end) for span in spans), *proposed]
    return editors.free_words(document.text, taken, CLICKS)


def summarise(seen: editors.Runs) -> dict[str, Any]:
    """Give the medians over the runs."""

    def middle(document: str, key: str) -> float:
        return round(median(run[key] for run in seen[document]), 1)

    report = {
        "open_ms": middle("long", "open_ms"),
        "key_ms_p95_long": middle("long", "key_ms_p95"),
        "key_ms_p95_short": middle("short", "key_ms_p95"),
        "requests_per_edit": middle("long", "requests_per_edit"),
        "bytes_per_edit": max(run["bytes_per_edit"] for run in seen["long"]),
        "page_kb": middle("short", "page_kb"),
        "foreign_hosts": max(run["foreign_hosts"] for run in seen["short"]),
    }
    for name in seen:
        report[f"key_work_ms_p95_{name}"] = middle(name, "key_work_ms_p95")
        report[f"key_ms_middle_{name}"] = middle(name, "key_ms_middle")
    for name in SHARED:
        report[f"click_ms_p95_{name}"] = middle(name, "click_ms_p95")
        report[f"load_ms_{name}"] = middle(name, "load_ms")
    extra = {"open_ms_line": "open_ms", "key_ms_p95_line": "key_ms_p95"}
    report |= {key: middle("line", of) for key, of in extra.items()}
    return report | {"open_ms_short": middle("short", "open_ms")}


class Desk:
    """Our editor at one server, for one person."""

    def __init__(self, chromium: Any, address: str, cookie: dict[str, str]) -> None:
        self._chromium = chromium
        self._address = address
        self._cookie = {**cookie, "url": address}

    def visit(
        self, document: "Document", edits: int, words: Sequence[tuple[int, int]]
    ) -> dict[str, float]:
        """Open a document in a fresh window, label words by key and by mouse.

        All of it is taken back.
        """
        window = self._chromium.new_context(viewport={"width": 1280, "height": 800})
        window.add_cookies([self._cookie])
        page = window.new_page()
        page.add_init_script(editors.OURS.clock + KEYS)
        traffic = Traffic(window, page, self._address)
        page.goto(f"{self._address}/documents/{document.pk}/annotate/")
        page.wait_for_selector("html[data-opened]")
        page.wait_for_timeout(300)
        weight = traffic.kilobytes
        for _ in range(edits):
            for key in ("ArrowRight", "ArrowRight", "1", "Control+z"):
                self._press(page, key)
        times = page.evaluate("window.keys")
        keys, work = (sorted(column) for column in zip(*times, strict=True))
        sizes = list(traffic.edits)
        if len(keys) != edits or any(math.isnan(value) for value in keys):
            raise RuntimeError("a key was not followed by its span")
        found = {
            "open_ms": float(page.get_attribute("html", "data-opened")),
            "load_ms": float(page.get_attribute("html", "data-loaded")),
            "key_ms_p95": editors.percentile_95(keys),
            "key_work_ms_p95": editors.percentile_95(work),
            "key_ms_middle": median(keys),
            "requests_per_edit": len(sizes) / (2 * edits),
            "bytes_per_edit": max(sizes),
            "page_kb": weight,
            "foreign_hosts": len(traffic.foreign),
        }
        if words:
            found |= self._click(page, words)
        window.close()
        return found

    def _click(self, page: Any, words: Sequence[tuple[int, int]]) -> dict[str, float]:
        self._press(page, "Escape")  # nothing is selected: the key chooses a label
        editors.click_words(page, editors.OURS, words)
        found = editors.clicks_of(page)
        for _ in words:
            self._press(page, "Control+z")
        return found

    @staticmethod
    def _press(page: Any, key: str) -> None:
        page.keyboard.press(key)
        if key in ("1", "Control+z"):
            page.wait_for_selector('#save-state[data-phase="saved"]')


class Traffic:
    """What a page asks for: bytes that came, edits that went, other hosts.

    Attributes:
        kilobytes: As transferred, without the document's data.
        edits: The body of each edit, in bytes.
        foreign: Addresses at other hosts.
    """

    def __init__(self, window: Any, page: Any, address: str) -> None:
        self.kilobytes = 0.0
        self.edits: list[int] = []
        self.foreign: set[str] = set()
        self._address = address
        self._texts: set[str] = set()
        session = window.new_cdp_session(page)
        session.on("Network.requestWillBeSent", self._sent)
        session.on("Network.loadingFinished", self._arrived)
        session.send("Network.enable")

    def _sent(self, event: dict[str, Any]) -> None:
        request = event["request"]
        if request["url"].endswith("/annotation"):
            self._texts.add(event["requestId"])
        if not request["url"].startswith(self._address):
            self.foreign.add(request["url"])
        if request["method"] == "POST" and request["url"].endswith("/edits"):
            self.edits.append(len(request["postData"].encode()))

    def _arrived(self, event: dict[str, Any]) -> None:
        if event["requestId"] not in self._texts:
            self.kilobytes += event["encodedDataLength"] / 1000


if __name__ == "__main__":
    main()
