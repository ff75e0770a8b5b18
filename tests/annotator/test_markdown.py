"""Guidelines become HTML that cannot run."""

import pytest

from annotator import markdown


def test_tables_lists_and_emphasis_are_rendered() -> None:
    html = markdown.render("# A\n\n- *b*\n\n| c |\n|---|\n| ~~d~~ |")
    for tag in ("<h1>A</h1>", "<em>b</em>", "<td><s>d</s></td>"):
        assert tag in html


@pytest.mark.parametrize(
    "attack",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "![x](https://example.org/x.png)",
        "[x](javascript:alert(1))",
        "[x](data:text/html,<script>alert(1)</script>)",
        '[x](<https://a.example/" onmouseover="alert(1)>)',
    ],
)
def test_nothing_typed_becomes_active(attack: str) -> None:
    html = markdown.render(attack)
    for active in ("<script", "<img", 'href="javascript', 'href="data', '" onmouse'):
        assert active not in html


def test_links_open_no_door() -> None:
    html = markdown.render("[Kew](https://example.org/kew)")
    assert 'rel="noopener noreferrer nofollow"' in html
