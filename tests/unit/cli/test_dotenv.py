import pytest

from liftlock.cli import dotenv
from liftlock.errors import UserError


@pytest.mark.parametrize(
    ('text', 'expected'),
    [
        pytest.param('A=1\nB=two words\n', {'A': '1', 'B': 'two words'}, id='plain'),
        pytest.param('export A = 1', {'A': '1'}, id='export and spaces'),
        pytest.param('# first\n\nA=1 # why\n  # last', {'A': '1'}, id='comments'),
        pytest.param('A=b#c', {'A': 'b#c'}, id='a hash inside a word is no comment'),
        pytest.param('A=\nB=', {'A': '', 'B': ''}, id='empty values'),
        pytest.param("A='$HOME # \\n'", {'A': '$HOME # \\n'}, id='single quotes'),
        pytest.param(r'A="a\"b\\c\nd\te"', {'A': 'a"b\\c\nd\te'}, id='escapes'),
        pytest.param('A="x\ny"  # key\nB=1', {'A': 'x\ny', 'B': '1'}, id='several lines'),
        pytest.param('A=1\r\nB=2\r\n', {'A': '1', 'B': '2'}, id='Windows line ends'),
        pytest.param('A=a=b', {'A': 'a=b'}, id='a second equals sign'),
        pytest.param('A=1\nA=2', {'A': '2'}, id='the last one wins'),
        pytest.param('', {}, id='nothing'),
    ],
)
def test_parse(text: str, expected: dict[str, str]) -> None:
    assert dict(dotenv.parse(text, 'x.env')) == expected


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('A=1\nnonsense', 'x.env:2: expected NAME=value'),
        ('A=1\n\n1A=2', 'x.env:3: expected NAME=value'),
        ('A="open', 'x.env:1: the value has no closing "'),
        ("# \nA='1' 2", "x.env:2: nothing may follow the closing '"),
    ],
)
def test_a_mistake_is_told_with_its_line_but_not_its_words(text: str, message: str) -> None:
    with pytest.raises(UserError) as caught:
        dict(dotenv.parse(text, 'x.env'))
    assert str(caught.value) == message
