import pytest

from liftlock.runner.commands import COMMANDS, Command, Spot, parse, spot


@pytest.mark.parametrize(
    ('line', 'command'),
    [
        ('::debug::hello', Command('debug', 'hello')),
        ('  ::DEBUG::hello', Command('debug', 'hello')),
        ('::set-output name=a::1', Command('set-output', '1', {'name': 'a'})),
        (
            '::error file=a.py,line=3,title=a=b::bad: 50%25',
            Command('error', 'bad: 50%', {'file': 'a.py', 'line': '3', 'title': 'a=b'}),
        ),
        ('::error title=x%2Cy%3Az%25::m', Command('error', 'm', {'title': 'x,y:z%'})),
        ('::error file=,line=1::m', Command('error', 'm', {'line': '1'})),  # empty ones are dropped
        ('::notice::a%0Ab%0Dc', Command('notice', 'a\nb\rc')),
        ('::notice::%250A', Command('notice', '%0A')),  # decoded once
        ('::notice::%3A', Command('notice', '%3A')),  # only properties need that
        ('::add-mask::a::b', Command('add-mask', 'a::b')),
        ('::group::', Command('group', '')),
        ('##[group]title', Command('group', 'title')),
        ('text before ##[set-output name=id;]115', Command('set-output', '115', {'name': 'id'})),
        ('##[error file=a;line=2]x%3By%5D', Command('error', 'x;y]', {'file': 'a', 'line': '2'})),
        ('##[warning]%0A%25', Command('warning', '\n%')),
    ],
)
def test_what_is_a_command(line: str, command: Command) -> None:
    assert parse(line) == command


@pytest.mark.parametrize(
    'line',
    [
        '::unknown::x',
        '::debug:x',
        'text ::debug::x',
        '::::',
        '##[unknown]x',
        '##[debug x',
        'tests/test_a.py::test_b PASSED',
        '',
    ],
)
def test_what_is_plain_output(line: str) -> None:
    assert parse(line) is None


def test_a_token_that_was_registered_is_a_command() -> None:
    assert parse('::S3cret::', COMMANDS | {'s3cret'}) == Command('s3cret', '')


@pytest.mark.parametrize(
    ('properties', 'place'),
    [
        ({'file': 'a.py'}, Spot('a.py')),
        ({'line': '3', 'endLine': '5'}, Spot('', 3, 5)),
        ({'endLine': '5'}, Spot('', 5, 5)),
        ({'line': '3', 'col': '2', 'endColumn': '9'}, Spot('', 3, 0, 2, 9)),
        ({'line': '3', 'endColumn': '9'}, Spot('', 3, 0, 9, 9)),
        ({'col': '2'}, Spot()),  # a column without a line
        ({'line': '3', 'endLine': '4', 'col': '2'}, Spot('', 3, 4)),  # columns of which line?
        ({'line': '5', 'endLine': '3'}, Spot()),  # inverted
        ({'line': '5', 'col': '9', 'endColumn': '2'}, Spot('', 5)),
        ({'line': 'x'}, Spot()),
    ],
)
def test_places_lose_what_contradicts_itself(properties: dict[str, str], place: Spot) -> None:
    assert spot(properties) == place
