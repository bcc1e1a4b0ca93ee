"""Called workflows against GitHub's own reader vectors, where they are at hand.

Set LIFTLOCK_VECTORS to the folder that holds `reader/`, or have it beside the repository.
What the vectors say about the tree of tokens is the language's; here it is whether a file is
accepted, and GitHub's message with its place where it is not.
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from liftlock.plan.event import Event
from liftlock.plan.make import Lacking, Refused, make
from liftlock.plan.plan import Plan, Request

ROOT = Path(__file__).parents[3]
GIVEN = os.environ.get('LIFTLOCK_VECTORS')
READER = Path(GIVEN or ROOT.parent / 'shared/reference/vectors') / 'reader'
LONGEST = 500  # GitHub cuts its messages; ours are whole
# Limits of the vectors' own, that nobody can set here.
OTHERS = frozenset({'errors-reusable-workflow-max-result-size'})
CASES = [
    path
    for path in sorted(READER.glob('*.yml'))
    if path.stem not in OTHERS and '\n---\n' in path.read_text().partition('@v1\n---\n')[2]
]


def test_the_vectors_are_there() -> None:
    if not READER.is_dir():
        pytest.skip('GitHub vectors are not here: set LIFTLOCK_VECTORS')
    assert len(CASES) > 20


@pytest.mark.parametrize('path', CASES, ids=lambda path: path.stem)
def test_calls_are_accepted_and_refused_as_github_does(path: Path) -> None:
    options, text, *called, expected = path.read_text().split('\n---\n')
    wanted: dict[str, Any] = json.loads(expected)
    settings = yaml.safe_load(options) or {}
    name = f'.github/workflows/{path.name}'
    files = {name: text, **dict(zip(called[::2], called[1::2], strict=True))}
    event = Event('push', {}, 'refs/heads/main', 'a' * 40, 'octo/demo', 'mona')
    request = Request(event, name, files, run_id=1, run_number=1)
    made = make(request, settings.get('permissions-policy', 'Write'))
    assert not isinstance(made, Lacking)
    if 'errors' not in wanted:
        assert isinstance(made, Plan), made
        return
    assert isinstance(made, Refused)
    found = [
        f'{one.file} (Line: {one.span.line}, Col: {one.span.column}): {one.message}'
        for one in made.diagnostics
    ]
    assert list(map(cut, found)) == [error['Message'] for error in wanted['errors']]


def cut(message: str) -> str:
    return message if len(message) <= LONGEST else f'{message[:LONGEST]}[...]'
