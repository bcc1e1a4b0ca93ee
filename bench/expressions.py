"""Expressions beside GitHub's own evaluator, `@actions/expressions`.

    python -m bench.expressions [--times N] [--json]

What counts is what a run does: ask for the value of a text. We find its compiled form in a table;
the peer reads the text every time. The peer's evaluation alone stands below for honesty's sake, as
does the price of a text that we have never seen. Times are the best of seven rounds, in one
process that is warm. Needs node 20 and npm for the peer.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from bench import report
from bench.report import Row
from liftlock.language.expressions.grammar import Expression, Known, parse
from liftlock.language.expressions.values import Scope, Value

VERSION: Final = '0.3.61'
EXPRESSIONS: Final = (
    'github.sha',
    "github.event_name == 'push' && !contains(github.event.head_commit.message, '[skip ci]')",
    "startsWith(github.ref, 'refs/tags/') || github.ref == 'refs/heads/main'",
    "format('{0}-{1}-{2}', runner.os, matrix.python, github.sha)",
    "steps.build.outputs.changed == 'true' && matrix.os != 'windows-latest'",
    "contains(github.event.pull_request.labels.*.name, 'deploy')",
    "join(fromJSON(needs.plan.outputs.list), ' ')",
)
CONTEXTS: Final[dict[str, Value]] = {
    'github': {
        'sha': '8f2c9f1d8a1e4c0b9d3e5f7a6b4c2d1e0f9a8b7c',
        'ref': 'refs/heads/main',
        'event_name': 'push',
        'event': {
            'head_commit': {'message': 'fix: a message of the usual length, no more'},
            'pull_request': {'labels': [{'name': 'bug'}, {'name': 'ui'}, {'name': 'Deploy'}]},
        },
    },
    'runner': {'os': 'Linux'},
    'matrix': {'os': 'ubuntu-latest', 'python': '3.13'},
    'steps': {'build': {'outputs': {'changed': 'true'}}},
    'needs': {'plan': {'outputs': {'list': '["a", "b", "c"]'}}},
}
KNOWN: Final = Known(frozenset(CONTEXTS))
SCOPE: Final = Scope(CONTEXTS)
GOAL: Final = 0.87  # 350,000 a second where GitHub's package does 305,000


def measure(rounds: int = 20_000) -> list[Row]:
    theirs = peer_times(rounds)
    ours = [
        (best(lambda text=text: value_of(text), rounds), best(evaluation(text), rounds))  # type: ignore[misc]
        for text in EXPRESSIONS
    ]
    rows = [
        Row(text if len(text) < 50 else f'{text[:47]}...', 'us', mine[0], peer[0])
        for text, mine, peer in zip(EXPRESSIONS, ours, theirs, strict=True)
    ]
    return [
        *rows,
        Row('mean of the seven', 'us', mean(ours, 0), mean(theirs, 0), GOAL),
        Row('  evaluation alone', 'us', mean(ours, 1), mean(theirs, 1)),
        Row('  reading a new text', 'us', mean([(reading(),)], 0), 0.0),
    ]


def value_of(text: str) -> Value:
    return parse(text, KNOWN).evaluate(SCOPE)


def evaluation(text: str) -> Callable[[], Value]:
    expression: Expression = parse(text, KNOWN)
    return lambda: expression.evaluate(SCOPE)


def reading() -> float:
    """Microseconds for a text that has never been read, mean of the seven."""
    texts = [f'{text}{" " * blanks}' for text in EXPRESSIONS for blanks in range(1, 200)]
    start = time.perf_counter()
    for text in texts:
        parse(text, KNOWN)
    return 1e6 * (time.perf_counter() - start) / len(texts)


def best(work: Callable[[], object], rounds: int) -> float:
    """Microseconds of one piece of work in the best round."""
    least = float('inf')
    for _ in range(7):
        start = time.perf_counter()
        for _ in range(rounds):
            work()
        least = min(least, time.perf_counter() - start)
    return 1e6 * least / rounds


def mean(times: Sequence[Sequence[float]], which: int) -> float:
    return sum(each[which] for each in times) / len(times)


def peer_times(rounds: int) -> list[Sequence[float]]:
    """Microseconds of each expression, read and evaluated, and evaluated alone; else zeros."""
    none: list[Sequence[float]] = [(0.0, 0.0) for _ in EXPRESSIONS]
    if not shutil.which('node') or not shutil.which('npm'):
        print('no peer: it needs node 20 and npm', file=sys.stderr)
        return none
    with tempfile.TemporaryDirectory(prefix='liftlock-bench-') as scratch:
        words = ('npm', 'install', '--silent', f'@actions/expressions@{VERSION}')
        if subprocess.run(words, cwd=scratch).returncode:
            print('no peer: npm could not install it', file=sys.stderr)
            return none
        script = Path(__file__).with_name('expressions_peer.mjs')
        question = json.dumps({'expressions': EXPRESSIONS, 'contexts': CONTEXTS})
        output = subprocess.run(
            ('node', script, str(rounds)), cwd=scratch, input=question, check=True,
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
    return list(json.loads(output.stdout))


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--times', type=int, default=20_000)
    parser.add_argument('--json', action='store_true')
    given = parser.parse_args(argv)
    rows = measure(given.times)
    report.show(rows, '@actions/expressions', as_json=given.json)
    middle = next(row for row in rows if row.goal)
    theirs = f', theirs {1e6 / middle.peer:,.0f}' if middle.peer else ''
    print(f'a second: ours {1e6 / middle.ours:,.0f}{theirs}', file=sys.stderr)


if __name__ == '__main__':
    main()
