"""Summaries of jobs, which anybody can write."""

import pytest

from liftlock.server.markdown import html


def test_markdown_is_shown_with_headings_below_the_pages_own() -> None:
    shown = html('# Result\n\n| a | b |\n|---|---|\n| 1 | **2** |\n')
    assert '<h4>Result</h4>' in shown
    assert '<td><strong>2</strong></td>' in shown.replace('\n', '')


@pytest.mark.parametrize(
    ('text', 'shown'),
    [
        ('<script>alert(1)</script>', ''),
        ('<b onclick="alert(1)" style="x">hi</b>', '<p><b>hi</b></p>\n'),
        ('[x](javascript:alert(1))', '<p>[x](javascript:alert(1))</p>\n'),
        ('<a href="JaVaScRiPt:alert(1)">x</a>', '<p><a>x</a></p>\n'),
        ('<a href=" https://a.example/?q=&quot;">x</a>',
         '<p><a href="https://a.example/?q=&quot;" rel="noreferrer nofollow">x</a></p>\n'),
        ('<svg><a href="https://x">in</a></svg>out', '<p>out</p>\n'),
        ('<details open><summary>More</summary>text</details>',
         '<details open=""><summary>More</summary>text</details>'),
        ('![logo](https://a.example/l.png)',
         '<p><a href="https://a.example/l.png" rel="noreferrer nofollow">logo</a></p>\n'),
        ('<div><b>never closed', '<div><b>never closed</b></div>'),
        ('</div></main>fine', 'fine'),
        ('<form action=/><input name=q>', ''),
    ],
)  # fmt: skip
def test_nothing_of_a_summary_can_do_harm(text: str, shown: str) -> None:
    assert html(text).strip() == shown.strip()
