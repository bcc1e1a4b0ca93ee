import pytest

from liftlock.runner.regexps import BadRegexp, compile_ecmascript


@pytest.mark.parametrize(
    ('source', 'text', 'found'),
    [
        (r'^(?<year>\d{4})-\k<year>$', '2024-2024', '2024-2024'),
        (r'a[^]b', 'a\nb', 'a\nb'),
        (r'a[]', 'a', None),
        (r'\/\-\:', '/-:', '/-:'),
        (r'\h\i', 'hi', 'hi'),
        (r'[[&&|~a]+', '[&&|~a', '[&&|~a'),
        (r'[\]x]+', ']x', ']x'),
        (r'\e\[31m', '\x1b[31m', '\x1b[31m'),
        (r'\cJ', '\n', '\n'),
        (r'[\cJ]', '\n', '\n'),
        (r'\u0041\x42', 'AB', 'AB'),
        (r'(?:a|b)(?=c)', 'bc', 'b'),
        (r'(?<!x)y', 'y', 'y'),
        (r'x{,3}', 'x{,3}', 'x{,3}'),
        (r'\w+', 'né', 'n'),  # letters of ASCII only
        (r'^\s*(\S+):(\d+)$', '  a:1', '  a:1'),
    ],
)
def test_ecmascript_means_the_same_here(source: str, text: str, found: str | None) -> None:
    match = compile_ecmascript(source).search(text)
    assert (match and match[0]) == found


@pytest.mark.parametrize('source', ['(', '[a', 'a**', '(?<=a+)b', '\\'])
def test_what_cannot_be_compiled(source: str) -> None:
    with pytest.raises(BadRegexp, match='Invalid regular expression'):
        compile_ecmascript(source)
