"""Reports as the tools write them that are here: coverage.py, pytest, ruff and mypy."""

import os
import subprocess
import sys

import pytest

from e2e.cli.conftest import Project

SHOP = """import os


def total(prices: list[int]) -> int:
    return sum(prices)


def unused() -> str:
    return 3
"""
TESTS = """import pytest

from shop import total


def test_total():
    assert total([1, 2]) == 3


@pytest.mark.xfail
def test_later():
    assert total([]) == 1
"""
MYPY = 'Incompatible return value type (got "int", expected "str")'
SETTINGS = """
gates:
  coverage: {minimum: 75}
  tests: {flaky: report}
  lint: {findings: 1}
"""


@pytest.fixture
def shop(project: Project) -> Project:
    project.write('shop.py', SHOP)
    project.write('test_shop.py', TESTS)
    project.write('liftlock.yml', SETTINGS)
    project.write('out/README', 'reports')
    for command in (
        'coverage run --source=. -m pytest -q -p no:cacheprovider --junit-xml=out/junit.xml',
        'coverage json -o out/coverage.json',
        'coverage xml -o out/coverage.xml',
        'coverage lcov -o out/lcov.info',
        'ruff check --isolated --no-cache --output-format sarif -o out/ruff.sarif shop.py',
        'ruff check --isolated --no-cache --output-format json -o out/ruff.json test_shop.py',
        'mypy --cache-dir=/dev/null --output json shop.py > out/mypy.jsonl',
    ):
        words, _, file = command.partition(' > ')
        ended = subprocess.run(
            (sys.executable, '-m', *words.split()),
            cwd=project.directory,
            env={'PATH': os.environ['PATH'], 'HOME': str(project.directory)},
            capture_output=True,
            text=True,
        )
        assert ended.returncode in (0, 1), ended
        if file:
            project.write(file, ended.stdout)
    return project


def test_what_real_tools_write_is_read(shop: Project) -> None:
    ended = shop.liftlock('gates', 'out')
    assert ended.out.splitlines() == [
        '✓ coverage  lines 91.66% (at least 75%)',
        '✓ tests     1 test, 0 failed',
        '✗ lint      2 findings of mypy, ruff (at most 1)',
        f'    shop.py:9  return-value  {MYPY}',
        '    high  shop.py:1  F401  `os` imported but unused',
        '',
        '2 passed, 1 failed, 0 could not be evaluated; 7 reports',
    ]
    assert ended.status == 1
