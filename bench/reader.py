"""Reading workflow files beside GitHub's own parser, and beside the YAML parser under both.

    python -m bench.reader [--times N] [--json]

Both read in one process that is warm: JavaScript compiled, Python's modules imported. The files are
made here, always the same. `new expressions` gives us a file of other names every round, since we
remember expressions that were read before; the peer does not. Needs node 20 and npm for the peer.
"""

import argparse
import gc
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import yaml

from bench import report
from bench.report import Row
from liftlock.language import parse

VERSION = '0.3.61'
HERE = Path(__file__).parent
FILES = 1500

STEPS = (
    """\
      - uses: actions/checkout@v4
        with:
          fetch-depth: 0
          ref: ${{{{ github.event.pull_request.head.sha || github.sha }}}}
          token: ${{{{ secrets.TOKEN_{n} }}}}
""",
    """\
      - name: Build {n} for ${{{{ matrix.os }}}}
        id: build-{n}
        if: github.event_name == 'push' && !contains(github.ref, 'skip-{n}')
        run: |
          make build TARGET=${{{{ matrix.os }}}}
          echo "version=${{{{ steps.build-{n}.outputs.version }}}}" >> "$GITHUB_OUTPUT"
        env:
          CI: true
          LEVEL: {n}
""",
    """\
      # Report what happened
      - name: Report
        if: ${{{{ always() && steps.build-{n}.outcome != 'skipped' }}}}
        continue-on-error: true
        timeout-minutes: 10
        run: ./report.sh "${{{{ job.status }}}}" '${{{{ toJSON(matrix) }}}}'
        working-directory: tools
        env:
          REPORT_{n}: ${{{{ format('{{0}}-{{1}}', github.run_id, github.run_attempt) }}}}
""",
)

JOB = """\

  job-{n}:
    name: Job {n} (${{{{ matrix.os }}}})
    needs: [{needs}]
    runs-on: ${{{{ matrix.os }}}}
    strategy:
      fail-fast: false
      matrix:
        os: [ubuntu-latest, macos-latest]
        python: ['3.11', '3.12', '3.13']
    permissions:
      contents: read
      id-token: write
    env:
      CACHE: ${{{{ runner.os }}}}-cache-{n}
    steps:
""".replace('${{{{ runner.os }}}}', '${{{{ github.ref_name }}}}')

HEAD = """\
name: Made {seed}
on:
  push:
    branches: [main, 'release/**']
    paths-ignore: ['docs/**']
  pull_request:
    types: [opened, synchronize]
concurrency:
  group: made-${{{{ github.ref }}}}
  cancel-in-progress: true
jobs:
"""


def workflow(jobs: int, steps: int, seed: str) -> str:
    """A valid file. Names in it, and so most expressions, are new for a new seed."""
    lines = [HEAD.format(seed=seed)]
    for number in range(jobs):
        needs = f'job-{seed}{number - 1}' if number else ''
        lines.append(JOB.format(n=f'{seed}{number}', needs=needs))
        lines += [
            STEPS[index % len(STEPS)].format(n=f'{seed}{number}_{index // len(STEPS)}')
            for index in range(steps)
        ]
    return ''.join(lines)


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--times', type=int, default=30)
    parser.add_argument('--json', action='store_true')
    given = parser.parse_args(argv)
    large = workflow(51, 6, 's')
    fresh = [workflow(51, 6, f'f{number}x') for number in range(given.times)]
    small = [workflow(1 + number % 2, 2 + number % 5, f'c{number}x') for number in range(FILES)]
    with tempfile.TemporaryDirectory(prefix='liftlock-bench-') as scratch:
        peer = Peer(Path(scratch))
        rows = [
            row(f'{large.count(chr(10))} lines', [large], given.times, 0.85, peer),
            row('  new expressions', fresh, given.times, 1.2, peer, each=True),
            row(f'{FILES} files', small, 3, 1.0, peer),
            floor(large, given.times),
        ]
    report.show(rows, 'workflow-parser', as_json=given.json)


class Peer:
    """GitHub's parser from npm; without node or npm it has no times, and says so."""

    def __init__(self, scratch: Path) -> None:
        self.scratch = scratch
        self.there = bool(shutil.which('node') and shutil.which('npm'))
        if self.there:
            words = ('npm', 'install', '--silent', f'@actions/workflow-parser@{VERSION}')
            self.there = subprocess.run(words, cwd=scratch).returncode == 0
        if not self.there:
            print('no peer: it needs node 20, npm and its registry', file=sys.stderr)

    def times(self, texts: Sequence[str], rounds: int) -> list[float]:
        """Milliseconds of each round over all these files."""
        if not self.there:
            return []
        for number, text in enumerate(texts):
            (self.scratch / f'{number}.yml').write_text(text)
        names = [f'{number}.yml' for number in range(len(texts))]
        hook, script = HERE / 'json_hook.mjs', HERE / 'reader_peer.mjs'
        words = ('node', '--import', str(hook), str(script), str(rounds + 5), *names)
        env = {**os.environ, 'NODE_NO_WARNINGS': '1'}
        output = subprocess.run(words, cwd=self.scratch, env=env, check=True, capture_output=True)
        return list(json.loads(output.stdout))[5:]


def row(
    name: str, texts: Sequence[str], rounds: int, goal: float, peer: Peer, *, each: bool = False
) -> Row:
    """All texts in every round, or with `each` another one in each round."""
    for text in texts[:1]:
        assert parse.parse('made.yml', text).diagnostics == (), 'the made file must be valid'
    if each:
        ours = [timed(lambda text=text: parse.parse('made.yml', text)) for text in texts]  # type: ignore[misc]
    else:
        ours = [timed(lambda: read_all(texts)) for _ in range(rounds)]
    theirs = peer.times(texts[:1] if each else texts, rounds)
    middle, least = (statistics.median(theirs), min(theirs)) if theirs else (0.0, 0.0)
    return Row(name, 'ms', statistics.median(ours), middle, goal, min(ours), least)


def read_all(texts: Sequence[str]) -> None:
    for text in texts:
        parse.parse('made.yml', text)


def floor(text: str, rounds: int) -> Row:
    """PyYAML's C parser alone, making nodes as it does for everybody."""
    loader = getattr(yaml, 'CSafeLoader', yaml.SafeLoader)
    times = [timed(lambda: yaml.compose(text, Loader=loader)) for _ in range(rounds)]
    return Row('  PyYAML compose alone', 'ms', statistics.median(times), 0, least=min(times))


def timed(work: Callable[[], object]) -> float:
    gc.collect()
    start = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - start)


if __name__ == '__main__':
    main()
