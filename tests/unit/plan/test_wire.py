"""Facts and requests survive being written down, by this version and by others."""

import json
from typing import Any

import pytest

from liftlock.plan import facts, wire
from liftlock.plan.event import push
from liftlock.plan.facts import Fact, Stamped, Unknown
from story import HEAD, REPOSITORY, request

JOB = HEAD + '  a: {runs-on: x, steps: [{run: echo}]}\n'
EXAMPLES: list[Fact] = [
    facts.RunSubmitted('ci.yml', 'CI', 'fix', 'push', 'refs/heads/main', 'a' * 40, 'mona', 'd'),
    facts.RunRestarted(2, ('a', 'b[1]'), 'build'),
    facts.StopRequested('', 'by mona', True),
    facts.RunFinished('success'),
    facts.JobQueued('a', 'A (1)', ('linux', 'x64')),
    facts.JobBlocked('a', 'waits'),
    facts.JobClaimed('a', 1, 7, 'w', 'docker:x'),
    facts.JobSkipped('a', 'A', 'its `if` is false'),
    facts.JobFinished('a', 'success', {'x': 'ü'}, 'm', 'https://x'),
    facts.JobLost('a', 'silent', True),
    facts.StepStarted('a', 1, 'id', 'Run x', 'pre'),
    facts.StepFinished('a', 1, 'failure', 'success', 'm'),
    facts.Annotated('a', 1, 'error', 'bad', 'T', 'f.py', 1, 2, 3, 4),
    facts.Summarized('a', 1, '# hi'),
    facts.ActionResolved('a', 'actions/checkout@v4', 'c', 'stand-in'),
    facts.ArtifactStored('a', 'dist', 'sha256:x', 10, 2),
    facts.Attested('a', 'https://slsa.dev/provenance/v1', 3, 'ff'),
    facts.ReportRecorded('a', 3, 'coverage', 'c.xml', 'ff', 9, ('unit', 'web'), '/w', 'r', 's'),
]


@pytest.mark.parametrize('fact', EXAMPLES, ids=lambda fact: type(fact).__name__)
def test_a_fact_comes_back_as_it_was(fact: Fact) -> None:
    text = wire.dump(fact)
    assert '\n' not in text
    assert wire.load(text) == fact
    assert type(wire.load(text)) is type(fact)


def test_every_kind_has_an_example_here() -> None:
    assert {type(fact).__name__ for fact in EXAMPLES} == set(wire.KINDS)


def test_a_kind_from_the_future_is_kept_and_written_back() -> None:
    text = '{"kind": "JobTeleported", "version": 1, "job": "a", "to": ["mars"]}'
    fact = wire.load(text)
    assert isinstance(fact, Unknown)
    assert json.loads(wire.dump(fact)) == json.loads(text)


def test_a_version_from_the_future_is_not_guessed_at() -> None:
    assert isinstance(wire.load('{"kind": "RunFinished", "version": 9, "result": 3}'), Unknown)


def test_new_fields_are_left_out_and_missing_ones_take_their_defaults() -> None:
    text = '{"kind": "JobLost", "version": 1, "job": "a", "reason": "r", "mood": "sad"}'
    assert wire.load(text) == facts.JobLost('a', 'r')


def test_a_line_says_when_and_where() -> None:
    line: dict[str, Any] = json.loads(wire.line(Stamped(3, 1, 2.5, facts.RunFinished('success'))))
    assert line == {
        'seq': 3,
        'run': 1,
        'at': 2.5,
        'kind': 'RunFinished',
        'version': 1,
        'conclusion': 'success',
    }


def test_a_request_comes_back_as_it_was() -> None:
    happened = push(REPOSITORY._replace(changed=('a', 'b')))
    asked = request(
        JOB,
        happened,
        inputs={'n': 1.0, 'b': True},
        vars={'V': '1'},
        env={'E': '2'},
        only_jobs=('a',),
        matrix=(('k', 'v'), ('k', 'w')),
        environments={'live': {'X': 'y'}},
        debug=True,
    )
    assert wire.load_request(wire.dump_request(asked)) == asked


def test_the_same_request_is_always_the_same_text() -> None:
    one = request(JOB, vars={'a': '1', 'b': '2'})
    other = request(JOB, vars={'b': '2', 'a': '1'})
    assert wire.dump_request(one) == wire.dump_request(other)
