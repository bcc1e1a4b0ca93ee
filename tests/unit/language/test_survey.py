"""What is told when everything is asked for: each mistake once, and none because of another one.

Longer files stand in tests/golden/everything.
"""

import pytest

from liftlock.language import checks
from liftlock.language.checks.subject import Around
from liftlock.language.parse import survey

FRAME = 'on: push\npermissions: {contents: read}\njobs:\n'


def told(text: str) -> list[str]:
    seen = survey('a.yml', text)
    assert seen.document is not None
    advice = checks.examine(seen.document, text, Around(gaps=seen.gaps))
    return [found.message for found in (*seen.diagnostics, *advice)]


@pytest.mark.parametrize(
    ('text', 'messages'),
    [
        # a misspelt key is read as the one that was meant
        ('  a: {runs_on: x, steps: [{run: make}]}\n', ["Unexpected value 'runs_on'"]),
        ('  a: {runs-on: x, step: [{rnu: make}]}\n',
         ["Unexpected value 'step'", "Unexpected value 'rnu'"]),
        ('  a: {runs-on: x, steps: [{id: b, run: make}], output: {c: "${{ steps.d.outcome }}"}}\n',
         ["Unexpected value 'output'", 'there is no step with the id "d"']),
        # but not if the value says that it was not
        ('  a: {runs-on: x, nmae: [1]}\n', ["Unexpected value 'nmae'"]),
        # nor if the right one is there too
        ('  a: {name: x, runs-on: x, nam: x}\n', ["Unexpected value 'nam'"]),
        # the good expressions of a text are looked at although one of them is bad
        ('  a: {runs-on: x, steps: [{run: "${{ steps.b.outcome }} ${{ c }}"}]}\n',
         ["Unrecognized named-value: 'c'", 'there is no step with the id "b"']),
        # an unknown need is no circle for those behind it
        ('  a: {runs-on: x}\n  b: {runs-on: x, needs: z}\n  c: {runs-on: x, needs: b}\n',
         ["Job 'b' depends on unknown job 'z'."]),
    ],
)  # fmt: skip
def test_nothing_is_told_twice(text: str, messages: list[str]) -> None:
    assert told(FRAME + text) == messages


def test_a_key_that_stands_beside_the_wrong_one_is_not_suggested() -> None:
    found = survey('a.yml', FRAME + '  a: {uses: ./.github/workflows/b.yml, runs-on: x, step: 1}\n')
    hints = [one.hint for one in found.diagnostics]
    assert hints[0] == 'it cannot stand beside uses'
    assert '"steps"' not in hints[1]
