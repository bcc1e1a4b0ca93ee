from typing import Any

import pytest

from liftlock.runner.matchers import BadMatcher, Matcher, parse, plain


def matcher(*patterns: dict[str, Any], **more: Any) -> Matcher:
    [made] = parse({'problemMatcher': [{'owner': 'me', 'pattern': list(patterns), **more}]})
    return made


SINGLE = {
    'regexp': r'^(?<f>[^:]+):(\d+):(\d+): (error|warning|odd): (.*)$',
    'file': 1, 'line': 2, 'column': 3, 'severity': 4, 'message': 5,
}  # fmt: skip
HEADING = {'regexp': r'^([^\s].*)$', 'file': 1}
ITEM = {
    'regexp': r'^\s+(\d+):(\d+)\s+(error|warning)\s+(.*)$',
    'line': 1, 'column': 2, 'severity': 3, 'message': 4, 'loop': True,
}  # fmt: skip


def test_one_line() -> None:
    finding = matcher(SINGLE).match('src/a.c:3:14: warning: careful')
    assert finding is not None
    assert finding.fields['file'] == 'src/a.c'
    assert (finding.number('line'), finding.number('column')) == (3, 14)
    assert (finding.severity, finding.message) == ('warning', 'careful')


def test_a_line_that_does_not_match() -> None:
    assert matcher(SINGLE).match('all is well') is None


def test_a_severity_that_nobody_knows_is_no_issue() -> None:
    finding = matcher(SINGLE).match('a.c:1:1: odd: x')
    assert finding is not None
    assert not finding.counts


def test_a_blank_message_is_no_issue() -> None:
    finding = matcher(SINGLE).match('a.c:1:1: error:  ')
    assert finding is not None
    assert not finding.counts


def test_severity_falls_back_to_the_matchers_and_to_error() -> None:
    bare = {'regexp': '^bad (.*)$', 'message': 1}
    given = matcher(bare, severity='notice').match('bad x')
    assert given is not None
    assert given.severity == 'notice'
    none = matcher(bare).match('bad x')
    assert none is not None
    assert none.severity == 'error'


def test_a_heading_serves_many_lines() -> None:
    made = matcher(HEADING, ITEM)
    assert made.match('a.js') is None
    first = made.match('  1:2  error  one')
    second = made.match('  3:4  warning  two')
    assert first is not None
    assert second is not None
    assert [found.fields['file'] for found in (first, second)] == ['a.js', 'a.js']
    assert second.message == 'two'
    assert made.match('') is None  # breaks the loop
    assert made.match('  5:6  error  three') is None


def test_without_loop_a_finding_ends_the_state() -> None:
    made = matcher(HEADING, {**ITEM, 'loop': False})
    made.match('a.js')
    assert made.match('  1:2  error  one') is not None
    assert made.match('  1:2  error  one') is None


def test_a_line_that_breaks_the_chain_of_three() -> None:
    parts = [{'regexp': f'^{name} (.*)$', name: 1} for name in ('file', 'code', 'message')]
    made = matcher(*parts)
    made.match('file a')
    made.match('noise')
    made.match('code 7')
    assert made.match('message x') is None
    for line in ('file a', 'code 7'):
        made.match(line)
    finding = made.match('message x')
    assert finding is not None
    assert dict(finding.fields) == {'file': 'a', 'code': '7', 'message': 'x'}


def test_resetting_forgets_the_heading() -> None:
    made = matcher(HEADING, ITEM)
    made.match('a.js')
    assert made.waiting
    made.reset()
    assert not made.waiting
    assert made.match('  1:2  error  one') is None


@pytest.mark.parametrize(
    ('document', 'message'),
    [
        ([], 'no list `problemMatcher`'),
        ({'problemMatcher': []}, 'no list `problemMatcher`'),
        ({'problemMatcher': [{'pattern': [SINGLE]}]}, 'needs an `owner`'),
        ({'problemMatcher': [{'owner': 'a'}]}, 'does not contain any patterns'),
        (
            {'problemMatcher': [{'owner': 'a', 'pattern': [SINGLE]}] * 2},
            "Duplicate owner name 'a'",
        ),
        (
            {'problemMatcher': [{'owner': 'a', 'severity': 'fatal', 'pattern': [SINGLE]}]},
            "unexpected default severity 'fatal'",
        ),
        ({'problemMatcher': [{'owner': 'a', 'pattern': [HEADING]}]}, 'must set `message`'),
        (
            {'problemMatcher': [{'owner': 'a', 'pattern': [SINGLE, SINGLE]}]},
            'more than once',
        ),
        (
            {'problemMatcher': [{'owner': 'a', 'pattern': [{**SINGLE, 'file': 9}]}]},
            '`file` is group 9, but the expression has 5',
        ),
        ({'problemMatcher': [{'owner': 'a', 'pattern': [ITEM]}]}, 'only the last of several'),
        (
            {'problemMatcher': [{'owner': 'a', 'pattern': [ITEM, HEADING]}]},
            'only the last of several',
        ),
        (
            {'problemMatcher': [{'owner': 'a', 'pattern': [{'regexp': '(', 'message': 0}]}]},
            'Invalid regular expression',
        ),
    ],
)
def test_what_cannot_be_used(document: object, message: str) -> None:
    with pytest.raises(BadMatcher, match=message.replace('(', r'\(')):
        parse(document)


def test_colours_are_taken_off() -> None:
    assert plain('\x1b[31;1merror\x1b[0m: \x1b[Kx') == 'error: Kx'
