"""A store with a history worth looking at: what the pictures of the server are taken of.

Three repositories are made in a directory, and what they do is done by `liftlock` itself: runs that
fail with annotations, a matrix of 60, JUnit reports of which one test is flaky, an HTML report, a
log of 100,000 lines, and a shop that is delivered.
"""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

SHOP = Path(__file__).parents[2] / 'examples/shop'
LIFTLOCK = (sys.executable, '-m', 'liftlock')

TESTS = """
name: Tests
on:
  push:
  pull_request:
  workflow_dispatch:
    inputs:
      level: {type: choice, options: [quick, full], default: quick, description: How much is tested}
      seed: {type: number, default: 7, description: For what is random}
      fresh: {type: boolean, default: false, description: Forget caches}
      note: {type: string, description: Stands in the title}
jobs:
  build:
    name: Build
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - name: Compile
        run: |
          echo '::group::Compiler'
          for i in $(seq 1 40); do echo "cc -c part$i.c"; done
          echo '::endgroup::'
          mkdir -p dist && echo app > dist/app && sleep 0.4
      - uses: actions/upload-artifact@v4
        with: {name: dist, path: dist}
  unit:
    name: Unit tests
    needs: build
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - name: pytest
        run: python3 report.py
      - uses: actions/upload-artifact@v4
        if: always()
        with: {name: test-report, path: report}
      - name: Summary
        if: always()
        run: |
          {
            echo '### Coverage'
            echo '| part | lines | covered |'
            echo '| --- | ---: | ---: |'
            echo '| cart | 412 | 96 % |'
            echo '| orders | 280 | 91 % |'
          } >> "$GITHUB_STEP_SUMMARY"
  lint:
    name: Lint
    runs-on: ubuntu-latest
    steps:
      - name: ruff
        run: |
          echo '::warning file=src/cart.py,line=12,title=F401::`os` imported but unused'
          echo '::notice file=src/orders.py,line=3::Two blank lines are enough'
          sleep 0.3
  package:
    name: Package
    needs: [unit, lint]
    runs-on: ubuntu-latest
    steps:
      - run: sleep 0.2; echo packed
"""
MATRIX = """
name: Everywhere
on: workflow_dispatch
jobs:
  plan:
    name: Plan
    runs-on: ubuntu-latest
    outputs: {shards: '${{ steps.made.outputs.shards }}'}
    steps:
      - id: made
        run: echo "shards=$(seq -s, 1 12 | sed 's/.*/[&]/')" >> "$GITHUB_OUTPUT"
  test:
    name: Test ${{ matrix.system }} ${{ matrix.shard }}
    needs: plan
    runs-on: ubuntu-latest
    strategy:
      fail-fast: false
      matrix:
        system: [debian, fedora, alpine, arch, suse]
        shard: ${{ fromJSON(needs.plan.outputs.shards) }}
    steps:
      - run: |
          echo "on ${{ matrix.system }}"
          if [ ${{ matrix.system }}${{ matrix.shard }} = alpine7 ]; then
            echo '::error file=libc.c,line=88::musl has no such symbol'
            exit 1
          fi
  publish:
    name: Publish
    needs: test
    runs-on: ubuntu-latest
    steps: [run: echo published]
"""
LONG = """
name: Nightly
on: workflow_dispatch
jobs:
  soak:
    name: Soak
    runs-on: ubuntu-latest
    steps:
      - name: Warm up
        run: for i in $(seq 1 300); do echo "warm $i"; done
      - name: A hundred thousand requests
        run: seq -f 'GET /products 200 in %.0f us' 1 100000
      - name: Judge
        run: echo '::notice::99.98 % were quick'
"""
DELIVERY = """
app: shop
environments:
  staging:
    on: manual
    target: &place
      process:
        command: python3 -m shop.server --port $PORT --database "$HOME/shop.db"
        env: {PYTHONPATH: src}
        instances: 2
    health_checks: [{endpoint: /health, interval: 2s, healthy_threshold: 1}]
  production:
    on: manual
    needs: [staging]
    protection: {reviewers: [admin, mona], expires: 7d}
    target: *place
    strategy:
      canary:
        steps:
          - setWeight: 25
          - pause: {duration: 10m}
          - setWeight: 50
          - pause: {}
        analysis: [errors, latency]
    analysis:
      latency: {metric: p95_latency, failure: '> 500ms', interval: 1s, count: 600, min_requests: 0}
      errors: {metric: error_rate, failure: '> 5%', interval: 1s, count: 600, min_requests: 0}
    health_checks: [{endpoint: /health, interval: 2s, healthy_threshold: 1}]
"""


CHECK = """
name: CI
on: [push, workflow_dispatch]
jobs:
  check:
    name: Check
    runs-on: ubuntu-latest
    steps: [run: python3 -m compileall -q src]
"""


class Repository:
    def __init__(self, home: Path, name: str) -> None:
        self.directory = home / name
        self.directory.mkdir(parents=True)
        self._env = {**os.environ, 'LIFTLOCK_STATE': str(home / 'state'), 'NO_COLOR': '1'}
        self.git('init', '--quiet', '--initial-branch=main')
        self.git('config', 'github.user', 'mona')
        self.git('remote', 'add', 'origin', f'https://example.org/octo/{name}.git')

    def git(self, *words: str) -> None:
        who = ('-c', 'user.name=Mona', '-c', 'user.email=mona@localhost')
        subprocess.run(('git', *who, *words), cwd=self.directory, check=True)

    def commit(self, message: str, **files: str) -> None:
        """Files by path, `__` for a slash."""
        for name, text in files.items():
            file = self.directory / name.replace('__', '/')
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        self.git('add', '--all')
        self.git('commit', '--quiet', '--allow-empty', '--message', message)

    def until(self, environment: str, said: str) -> None:
        """Wait, for a minute at most, until its status says so."""
        for _ in range(240):
            words = (*LIFTLOCK, 'status', environment, '--json')
            told = subprocess.run(
                words,
                cwd=self.directory,
                env=self._env,
                capture_output=True,
                text=True,
                check=False,
            )
            if said in told.stdout:
                return
            time.sleep(0.25)

    def liftlock(self, *words: str) -> None:
        subprocess.run(
            (*LIFTLOCK, *words),
            cwd=self.directory,
            env=self._env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            timeout=600,
            check=False,
        )


def make(home: Path) -> None:
    cart(home)
    soak(home)
    deliver(home)


def cart(home: Path) -> None:
    one = Repository(home, 'cart')
    flows = {'.github__workflows__tests.yml': TESTS, '.github__workflows__all.yml': MATRIX}
    report = (Path(__file__).parent / 'report.py').read_text()
    one.commit('Add the cart', **flows, **{'report.py': report})
    one.liftlock('run', 'workflow_dispatch', '-W', '.github/workflows/tests.yml')
    one.liftlock('run', 'workflow_dispatch', '-W', '.github/workflows/tests.yml')
    for message in ('Round prices to cents', 'Remember the cart for a week'):
        one.commit(message)
        one.liftlock('run', '-W', '.github/workflows/tests.yml')
    one.liftlock('run', 'workflow_dispatch', '-W', '.github/workflows/all.yml')
    one.commit('Allow vouchers', broken='')
    one.liftlock('run', '-W', '.github/workflows/tests.yml')
    one.liftlock('rerun', '--failed', '6')


def soak(home: Path) -> None:
    one = Repository(home, 'gateway')
    one.commit('Let requests through', **{'.github__workflows__nightly.yml': LONG})
    one.liftlock('run', 'workflow_dispatch')


def deliver(home: Path) -> None:
    one = Repository(home, 'shop')
    shutil.copytree(SHOP / 'src', one.directory / 'src')
    for version in ('v1.4.0', 'v1.5.0', 'v1.6.0'):
        files = {'liftlock.yml': DELIVERY, '.github__workflows__ci.yml': CHECK, 'VERSION': version}
        one.commit(f'Version {version}', **files)
        one.git('tag', version)
        one.liftlock('run')
        one.liftlock('deploy', 'staging')
        one.liftlock('deploy', 'production', '--no-follow')
        if version != 'v1.6.0':
            one.liftlock('approve', 'production', '--yes', '--comment', 'Looks good')
            said = '"phase": "paused"' if version == 'v1.5.0' else '"healthy": true'
            one.until('production', said)


if __name__ == '__main__':
    make(Path(sys.argv[1]).absolute())
