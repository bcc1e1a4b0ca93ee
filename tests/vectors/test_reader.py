"""GitHub's own cases for the reader of workflows, and ours in the same form.

A case is a file of YAML documents: options, the workflow, pairs of (reference, text) of called
workflows, and last the JSON that is expected. What only a plan can know (whether a call fits the
workflow that is called) is left out here.
"""

import json
import os
import re
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from liftlock.language import parse
from liftlock.language.diagnostics import Diagnostic
from vectors.template_json import canonical, events, template

HERE = Path(__file__).parent
SHARED = Path(os.environ.get('LIFTLOCK_VECTORS', HERE.parents[2] / 'shared/reference/vectors'))

# A mistake that is found while GitHub still reads YAML has no place but the one in its words.
PLACELESS = re.compile(
    r'^(The value .* is invalid for|Unexpected tag|The scalar style|The maximum file size)'
)

# Judged when the called workflow is known, by the plan.
OF_CALLS = re.compile(
    r'Error calling workflow|Error from called workflow|Invalid (input|secret), |'
    r'^(Input|Secret) \S+ is required|key is not defined in the referenced workflow'
)

# GitHub has moved on since these were written.
TYPO = ('and and must be', 'and must be')
BEFORE_BACKGROUND_STEPS = (
    'properties: parallel, run, shell, uses, with, working-directory',
    'properties: cancel, parallel, run, shell, uses, wait, wait-all, with, working-directory',
)


class Case(NamedTuple):
    path: str
    options: dict[str, Any]
    text: str
    called: int
    expected: dict[str, Any]

    @property
    def errors(self) -> list[str]:
        return [
            error['Message'].replace(*TYPO).replace(*BEFORE_BACKGROUND_STEPS)
            for error in self.expected.get('errors', ())
        ]

    @property
    def of_the_reader(self) -> bool:
        return not any(OF_CALLS.search(message.partition('): ')[2]) for message in self.errors)


def load(file: Path) -> Case:
    options, text, *called, expected = re.split(r'\n---\r?\n', file.read_text('utf-8'))
    given = yaml.safe_load(options) or {}
    path = f'.github/workflows/{file.name}'
    return Case(path, given, f'{text}\n', len(called), json.loads(expected))


def found_in(directory: Path) -> list[Any]:
    return [pytest.param(file, id=file.stem) for file in sorted(directory.glob('*.yml'))]


def shown(found: Diagnostic, text: str) -> str:
    if PLACELESS.match(found.message):
        return f'{found.file}: {found.message}'
    line, column = found.span[:2]
    if found.code == 'expression':  # we name the very words, GitHub the scalar that holds them
        line, column = max(place for place in scalars(text) if place <= (line, column))
    return f'{found.file} (Line: {line}, Col: {column}): {found.message}'


def scalars(text: str) -> list[tuple[int, int]]:
    """Line and column of each scalar in a file."""
    marks = [event.start_mark for event in yaml.parse(text) if isinstance(event, yaml.ScalarEvent)]
    return [(mark.line + 1, mark.column + 1) for mark in marks]


FILES = [*found_in(HERE / 'reader'), *found_in(SHARED / 'reader')]


@pytest.mark.parametrize('file', FILES)
def test_a_file_is_accepted_or_refused_in_githubs_words(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = load(file)
    if limit := case.options.get('max-file-size'):
        monkeypatch.setattr('liftlock.language.yaml.LONGEST', limit)
    parsed = parse.parse(case.path, case.text)
    expected = case.errors if case.of_the_reader else []
    assert [shown(found, case.text) for found in parsed.diagnostics] == expected
    assert (parsed.workflow is None) == bool(expected)


@pytest.mark.parametrize('file', FILES)
def test_what_is_accepted_means_the_same(file: Path) -> None:
    case = load(file)
    workflow = parse.parse(case.path, case.text).workflow
    if workflow is None or case.errors:
        return
    ours = template(workflow)
    theirs = dict(case.expected)
    for job in theirs['jobs']:
        for known_to_the_plan in ('jobs', 'input-definitions', 'secret-definitions', 'outputs'):
            if job['type'] == 'reusableWorkflowJob':
                job.pop(known_to_the_plan, None)
    if 'events' in theirs:
        assert events(workflow) == theirs['events']
    for part in ('jobs', 'env', 'defaults', 'concurrency'):
        assert canonical(ours.get(part)) == canonical(theirs.get(part)), part


def test_the_cases_of_github_are_there_where_they_are_wanted() -> None:
    if not SHARED.exists():
        pytest.skip("set LIFTLOCK_VECTORS to a directory with GitHub's cases in `reader/`")
    assert found_in(SHARED / 'reader')
