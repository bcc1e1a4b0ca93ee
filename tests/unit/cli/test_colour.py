import io

import pytest

from liftlock.cli.colour import Paint, wanted


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ('stream', 'env', 'expected'),
    [
        pytest.param(Terminal(), {'TERM': 'xterm'}, True, id='a terminal'),
        pytest.param(io.StringIO(), {'TERM': 'xterm'}, False, id='a pipe'),
        pytest.param(Terminal(), {'NO_COLOR': '1'}, False, id='somebody said no'),
        pytest.param(Terminal(), {'TERM': 'dumb'}, False, id='a dumb terminal'),
        pytest.param(io.StringIO(), {'FORCE_COLOR': '1'}, True, id='a CI server'),
        pytest.param(Terminal(), {'NO_COLOR': '1', 'FORCE_COLOR': '1'}, False, id='no wins'),
    ],
)
def test_wanted(stream: io.StringIO, env: dict[str, str], expected: bool) -> None:
    assert wanted(stream, env) is expected


def test_paint_that_is_off_leaves_words_alone() -> None:
    assert Paint(False).red('x') == 'x'
    assert Paint(True).red('x') == '\x1b[31mx\x1b[0m'
