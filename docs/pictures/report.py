"""The tests of an example: a JUnit report, an HTML one, and annotations.

One test fails where there is a file `broken`, another in the second run as well: it is flaky.
"""

import os
import sys
from pathlib import Path

BROKEN = Path('broken').exists()
FLAKY = os.environ.get('GITHUB_RUN_NUMBER') == '2'
SKIPPED = (11, 12)
PAGE = '<!doctype html><link rel="stylesheet" href="style.css">'
STYLE = 'body { font-family: sans-serif; margin: 2rem } h1 { color: #17763a }'


def failed(number: int) -> bool:
    return (number == 7 and BROKEN) or (number == 23 and (BROKEN or FLAKY))


def case(number: int) -> str:
    part = 'cart' if number < 21 else 'orders'
    line, took = number * 5, number * 37 % 50 / 100
    colour, word = (31, 'FAILED') if failed(number) else (32, 'PASSED')
    print(f'\x1b[{colour}m{word}\x1b[0m tests/test_{part}.py::test_case_{number}')
    inner = ''
    if failed(number):
        said = f'assert {number} == {number + 1}'
        print(f'::error file=tests/test_{part}.py,line={line},title=test_case_{number}::{said}')
        inner = f'<failure message="{said}">{part}.py:{30 + number}: AssertionError</failure>'
    elif number in SKIPPED:
        inner = '<skipped message="needs a printer"/>'
    place = f'classname="tests.test_{part}" file="tests/test_{part}.py" line="{line}"'
    return f'<testcase name="test_case_{number}" {place} time="{took}">{inner}</testcase>'


def main() -> int:
    home = Path('report/html')
    home.mkdir(parents=True)
    cases = ''.join(map(case, range(1, 41)))
    Path('report/junit.xml').write_text(f'<testsuite name="pytest">{cases}</testsuite>')
    (home / 'index.html').write_text(f'{PAGE}<h1>94 %</h1><a href="cart.html">cart.py</a>')
    (home / 'cart.html').write_text(f'{PAGE}<h1>cart.py</h1>')
    (home / 'style.css').write_text(STYLE)
    return int(any(map(failed, range(1, 41))))


if __name__ == '__main__':
    sys.exit(main())
