"""The same gesture in three editors: ours, doccano's and Label Studio's.

The clock of every page is the same script. ``open_ms`` counts from the last byte of the
response that holds the spans to the frame that shows the first of them; ``load_ms``
from the start of the navigation to that frame. ``click_ms`` counts from the time stamp
of the second click on a free word, with a label chosen before, to the frame that shows
the span: a gesture that all three have. Each word is looked for on the screen, clicked
once, and counted when one mark more has the label.
"""

import json
import math
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from tests.services import free_port, wait_for_port

PEERS = Path(__file__).resolve().parent / "peers"
LABEL = "PERSON"  # the first one, on key 1
STARTED = 600  # seconds that a peer may take to migrate its database
FRAME = """
const painted = () => new Promise((resolve) => requestAnimationFrame(() => {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => resolve(performance.now());
  port2.postMessage(null);
}));
"""
CLOCK = (
    FRAME
    + """
performance.setResourceTimingBufferSize(2000);
window.clicks = [];
const labelled = () => %(labelled)s;
new MutationObserver(async (_, observer) => {
  if (!document.querySelector(%(mark)s)) return;
  observer.disconnect();
  const now = await painted();
  const read = performance.getEntriesByType("resource").filter(
    ({ name }) => new RegExp(%(data)s).test(name));
  document.documentElement.dataset.loaded = now;
  document.documentElement.dataset.opened = now - read[0].responseEnd;
}).observe(document, { subtree: true, childList: true, attributes: true });
addEventListener("mouseup", async ({ detail, timeStamp }) => {
  if (detail !== 2) return;
  const before = labelled();
  let now = performance.now();
  while (labelled() === before && now - timeStamp < 60000) now = await painted();
  window.clicks.push(labelled() === before ? NaN : now - timeStamp);
  document.documentElement.dataset.clicks = window.clicks.length;
}, true);
"""
)
# Where some characters of the first line are on the screen.
FIND = """([roots, from, to]) => {
  for (const root of document.querySelectorAll(roots)) {
    const [first, last] = (root.id.match(/^(\\d+):(\\d+)$/) ?? [0, 0, 1e9]).slice(-2);
    if (from < first || to > last) continue;
    const texts = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    let left = from - first;
    for (let node = texts.nextNode(); node; node = texts.nextNode()) {
      if (left < node.length) {
        const range = document.createRange();
        range.setStart(node, left);
        range.setEnd(node, Math.min(node.length, left + to - from));
        const { x, y, width, height } = range.getBoundingClientRect();
        return [x + width / 2, y + height / 2];
      }
      left -= node.length;
    }
  }
  return null;
}"""
Runs = dict[str, list[dict[str, float]]]  # by document


@dataclass(frozen=True)
class Editor:
    """How an editor shows what is measured.

    Attributes:
        mark: Selector of something that is drawn for a span.
        labelled: How many of these have the label, in JavaScript.
        data: What the address of the response with the spans ends in.
        roots: Selector of the text, or of its lines with ``from:to`` as their id.
        is_sticky: Whether the label stays chosen after a span.
    """

    mark: str
    labelled: str
    data: str
    roots: str
    is_sticky: bool

    @property
    def clock(self) -> str:
        """The script that runs before the page's own."""
        selector, data = json.dumps(self.mark), json.dumps(self.data)
        return CLOCK % {"labelled": self.labelled, "mark": selector, "data": data}


OURS = Editor(
    mark="#desk.is-ready mark.span",
    labelled='document.querySelectorAll("#text mark.label-0.is-first").length',
    data="/annotation$",
    roots="#text",
    is_sticky=True,
)
THEIRS = {
    "doccano": Editor(
        mark="svg g line",
        labelled='[...document.querySelectorAll("svg text")]'
        f'.filter((text) => text.textContent === "{LABEL}").length',
        data=r"/spans$",
        roots="svg text[id*=':']",
        is_sticky=True,
    ),
    "label_studio": Editor(
        mark=".htx-highlight",
        labelled=f"document.querySelectorAll('[data-label$=\":{LABEL}\"]').length",
        data=r"/api/tasks/\d+",
        roots=".lsf-htx-richtext",
        is_sticky=False,
    ),
}


def free_words(
    text: str, taken: Sequence[tuple[int, int]], count: int
) -> list[tuple[int, int]]:
    """The first words of a text, of one line, that nothing touches."""
    words, start = [], 0
    for word in text.splitlines()[0].split(" "):
        end = start + len(word)
        is_free = all(end < first or last < start for first, last in taken)
        if word and is_free:
            words.append((start, end))
        start = end + 1
    if len(words) < count:
        raise ValueError("the first line has too few free words")
    return words[:count]


def click_words(page: Any, editor: Editor, words: Sequence[tuple[int, int]]) -> None:
    """Label each word by a double click; wait until it is painted."""
    for number, (start, end) in enumerate(words, start=1):
        if number == 1 or not editor.is_sticky:
            page.keyboard.press("1")
            page.wait_for_timeout(100)
        place = page.evaluate(FIND, [editor.roots, start, end])
        if place is None:
            raise RuntimeError("a word is not on the screen")
        page.mouse.dblclick(*place)
        page.wait_for_selector(f'html[data-clicks="{number}"]', timeout=70_000)
        page.wait_for_timeout(200)  # what is sent and drawn behind it


def clicks_of(page: Any) -> dict[str, float]:
    """Give the percentiles of the clicks so far."""
    clicks = sorted(page.evaluate("window.clicks"))
    if any(value is None or math.isnan(value) for value in clicks):
        raise RuntimeError("a click was not followed by its span")
    worst = percentile_95(clicks)
    return {"click_ms_p95": worst, "click_ms_middle": median(clicks)}


def percentile_95(increasing: Sequence[float]) -> float:
    return increasing[math.ceil(0.95 * len(increasing)) - 1]


class Peer:
    """Another tool on a free port, and what it took so far."""

    def __init__(self, name: str, answer: dict[str, Any], port: int) -> None:
        self.name = name
        self.editor = THEIRS[name]
        self.runs: Runs = {document: [] for document in answer["pages"]}
        self.spent = dict.fromkeys(answer["pages"], 0.0)
        self._pages = answer["pages"]
        self._address = f"http://127.0.0.1:{port}"
        self._cookies = [
            {"name": name, "value": value, "url": self._address}
            for name, value in answer["cookies"].items()
        ]

    def visit(
        self, chromium: Any, document: str, words: Sequence[tuple[int, int]]
    ) -> None:
        """Open the next copy of a document in a fresh window and label some words."""
        copy = self._pages[document].pop(0)
        began = time.monotonic()
        window = chromium.new_context(viewport={"width": 1280, "height": 800})
        try:
            window.add_cookies(self._cookies)
            page = window.new_page()
            page.add_init_script(self.editor.clock)
            page.goto(f"{self._address}{copy}", timeout=120_000)
            page.wait_for_selector("html[data-opened]", timeout=300_000)
            page.wait_for_timeout(500)
            click_words(page, self.editor, words)
            opened, loaded = (
                float(page.get_attribute("html", f"data-{name}"))
                for name in ("opened", "loaded")
            )
            found = {"open_ms": opened, "load_ms": loaded, **clicks_of(page)}
            self.runs[document].append(found)
        finally:
            window.close()
            self.spent[document] += time.monotonic() - began

    def may_visit(self, document: str, seconds: float) -> bool:
        """Whether a copy is left and the time is not used up."""
        return bool(self._pages[document]) and self.spent[document] < seconds


@contextmanager
def serving_peer(
    name: str, environment: Path, documents: dict[str, Any], folder: Path
) -> Iterator[Peer]:
    """Run a peer's server in its own virtual environment until the end of the block."""
    folder.mkdir()
    path, log = folder / "documents.json", folder / "server.log"
    path.write_text(json.dumps(documents), encoding="utf-8")
    port = free_port()
    script = PEERS / f"{name}_site.py"
    python = environment.absolute() / "bin" / "python"
    command = [str(part) for part in (python, script, folder, path, port)]
    with log.open("w") as output:
        server = subprocess.Popen(
            command, cwd=folder, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        answer = _answer(server, log)
        wait_for_port(port, 60)
        yield Peer(name, answer, port)
    finally:
        server.terminate()
        server.wait(30)


def _answer(server: "subprocess.Popen[bytes]", log: Path) -> dict[str, Any]:
    """Wait for the line that the script prints when all is stored."""
    deadline = time.monotonic() + STARTED
    while time.monotonic() < deadline and server.poll() is None:
        for line in log.read_text(errors="replace").splitlines():
            if line.startswith('{"cookies"'):
                answer: dict[str, Any] = json.loads(line)
                return answer
        time.sleep(0.5)
    raise RuntimeError(f"the peer did not start: {log.read_text()[-500:]}")


def compare(ours: Runs, peer: Peer | None, name: str) -> dict[str, float | None]:
    """How many times longer the peer takes, per measure and document."""
    report: dict[str, float | None] = {}
    for document in ("short", "long"):
        for measure in ("open_ms", "load_ms", "click_ms_p95"):
            theirs = peer.runs[document] if peer else []
            key = f"{measure}_{document}"
            report[f"{key}_vs_{name}"] = _ratio(theirs, ours[document], measure)
            if theirs:
                report[f"{key}_of_{name}"] = round(_middle(theirs, measure), 1)
    return report


def _ratio(
    theirs: list[dict[str, float]], ours: list[dict[str, float]], measure: str
) -> float | None:
    if not theirs or not ours:
        return None
    return round(_middle(theirs, measure) / _middle(ours, measure), 1)


def _middle(runs: list[dict[str, float]], key: str) -> float:
    return median(run[key] for run in runs)
