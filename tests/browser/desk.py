"""One person at one document in Chromium, for the tests of the editor."""

from typing import Any

from annotator.models import (
    Annotation,
    Checkpoint,
    Document,
    Project,
    Suggestion,
    TrainingRun,
)

TEXT = "Ada 😀 met Karl Marx in Basel and left Basel."
KARL = (10, 19)
BASEL = (23, 28)
# Browsers that keep nothing.
FULL_STORAGE = """Storage.prototype.setItem = () => {
    throw new DOMException("", "QuotaExceededError");
};"""
FORBIDDEN_STORAGE = """Object.defineProperty(window, "localStorage", {
    get() { throw new DOMException("", "SecurityError"); },
});"""


def add_document(project: Project, text: str = TEXT, **fields: Any) -> Document:
    document = Document.new(project, text, **fields)
    document.save()
    return document


def suggest(document: Document, *proposals: tuple[int, int, str, float]) -> None:
    project = document.project
    run = TrainingRun.objects.create(project=project, state="succeeded")
    checkpoint = Checkpoint.objects.create(
        project=project, training_run=run, folder="c", encoder="bundled", labels={}
    )
    for start, end, label, confidence in proposals:
        Suggestion.objects.create(
            document=document,
            checkpoint=checkpoint,
            label=project.labels.get(name=label),
            start=start,
            end=end,
            confidence=confidence,
        )


def answer_questions(page: Any, answer: str) -> list[str]:
    """Accept or dismiss what the browser asks; the kinds of questions, as they come."""
    questions: list[str] = []

    def reply(dialog: Any) -> None:
        questions.append(dialog.type)
        getattr(dialog, answer)()

    page.on("dialog", reply)
    return questions


class Desk:
    """One person at one document, through the browser."""

    def __init__(self, page: Any) -> None:
        self.page = page

    def open(self, document: Document) -> "Desk":
        self.document = document
        self.page.goto(f"/documents/{document.pk}/annotate/")
        self.page.wait_for_selector("#desk.is-ready")
        return self

    def press(self, *keys: str) -> "Desk":
        for key in keys:
            self.page.keyboard.press(key)
        return self

    def box(self, start: int, end: int) -> dict[str, float]:
        """Where some code points are on the screen, by the DOM's own counting."""
        script = """([from, to]) => {
            const texts = document.createTreeWalker(
                document.getElementById("text"), NodeFilter.SHOW_TEXT);
            const place = (unit) => {
                let left = unit;
                for (;;) {
                    const node = texts.currentNode;
                    if (node.nodeType === 3) {
                        if (left <= node.length) return [node, left];
                        left -= node.length;
                    }
                    if (!texts.nextNode()) return [node, node.length];
                }
            };
            const range = document.createRange();
            texts.currentNode = texts.root; texts.nextNode();
            range.setStart(...place(from));
            texts.currentNode = texts.root; texts.nextNode();
            range.setEnd(...place(to));
            window.scrollBy(0, range.getBoundingClientRect().top - innerHeight / 2);
            const box = range.getBoundingClientRect();
            return {x: box.x, y: box.y, width: box.width, height: box.height};
        }"""
        text = self.document.text
        units = [len(text[:n].encode("utf-16-le")) // 2 for n in (start, end)]
        box: dict[str, float] = self.page.evaluate(script, units)
        return box

    def drag(self, start: int, end: int) -> "Desk":
        """Mark code points out with the mouse, from just inside to just inside."""
        first, last = self.box(start, start + 1), self.box(end - 1, end)
        mouse = self.page.mouse
        mouse.move(first["x"] + 1, first["y"] + first["height"] / 2)
        mouse.down()
        right = last["x"] + last["width"] - 1
        mouse.move(right, last["y"] + last["height"] / 2, steps=4)
        mouse.up()
        self.page.wait_for_timeout(30)
        return self

    def double_click(self, start: int, end: int) -> "Desk":
        box = self.box(start, end)
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        self.page.mouse.dblclick(x, y)
        self.page.wait_for_timeout(30)
        return self

    def click(self, start: int, end: int) -> "Desk":
        box = self.box(start, end)
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        self.page.mouse.click(x, y)
        self.page.wait_for_timeout(30)
        return self

    def wait_saved(self) -> "Desk":
        self.page.wait_for_selector('#save-state[data-phase="saved"]')
        return self

    @property
    def annotation(self) -> Annotation:
        return Annotation.objects.get(document=self.document)

    @property
    def spans(self) -> list[tuple[int, int, str]]:
        self.wait_saved()
        rows = Annotation.objects.filter(document=self.document)
        return [(s.start, s.end, s.label) for row in rows for s in row.spans_by_value()]

    @property
    def shown(self) -> list[str]:
        script = "marks => marks.map(mark => mark.textContent)"
        shown: list[str] = self.page.eval_on_selector_all("#text mark.span", script)
        return shown
