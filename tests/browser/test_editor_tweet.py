"""How few keys a tweet takes. MARGINALIA_CORPORA may name a folder with WNUT-17."""

import os
from pathlib import Path

import pytest

from annotator.formats import ReadOptions, Record, Source, find_format, read
from annotator.models import Project
from modeling.spans import Span
from tests.browser.desk import Desk, add_document, suggest

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
CORPORA = os.environ.get("MARGINALIA_CORPORA", "")
TWEET = (
    "RT @lena_b : Karl Marx at the Roxy in Basel tonight w/ Ada Lovelace , "
    "new Zürich Sounds record out 😀 #live"
)
MENTIONS = {
    "Karl Marx": "person",
    "Roxy": "location",
    "Basel": "location",
    "Ada Lovelace": "person",
    "Zürich Sounds": "group",
}


def tweet() -> tuple[str, list[Span]]:
    """A real one of five entities where there is the corpus, else one in its style."""
    if not CORPORA:
        places = [(TWEET.index(name), name, label) for name, label in MENTIONS.items()]
        return TWEET, [Span(at, at + len(name), label) for at, name, label in places]
    source = Source(Path(CORPORA, "wnut17", "test.conll"))
    for record in read(source, find_format(source), ReadOptions()):
        if isinstance(record, Record) and len(record.spans) == 5:
            return record.text, sorted(record.spans)
    raise LookupError(f"No document of {source.path} has five entities.")


def test_a_tweet_of_five_entities_takes_eight_keys_at_most(
    desk: Desk, project: Project
) -> None:
    """One suggestion has the wrong label, one is right but doubtful, three are sure."""
    text, spans = tweet()
    labels = project.ensure_labels([span.label for span in spans])
    wrong, doubtful, *_sure = spans
    confidences = {wrong: 0.3, doubtful: 0.5}
    document = add_document(project, text)
    suggest(
        document,
        *(
            (s.start, s.end, "ORG" if s is wrong else s.label, confidences.get(s, 0.95))
            for s in spans
        ),
    )
    presses = ["Tab", labels[wrong.label].shortcut, "Tab", "Enter", "Shift+Enter"]
    desk.open(document).press(*presses)
    assert desk.spans == [(s.start, s.end, s.label) for s in spans]
    presses.append("Control+Enter")
    desk.press(presses[-1])
    desk.page.wait_for_url(f"**/projects/{project.pk}/annotate/**")
    assert desk.annotation.state == "submitted"
    assert len(presses) <= 8
