import json
import re

from liftlock.language import report
from liftlock.language.checks import catalogue
from liftlock.language.diagnostics import Diagnostic, Severity
from liftlock.language.rule import Rule
from liftlock.language.source import NOWHERE, Span

LINES = ['jobs:', '  biuld: {}']
LEVELS = ('none', 'note', 'warning', 'error')
FOUND = Diagnostic('ci.yml', Span(2, 3, 2, 8), Severity.ERROR, 'id', 'no "biuld"', 'try build')


def at(line: str, start: int, end: int, **changes: object) -> str:
    found = FOUND._replace(span=Span(1, start, 1, end), hint='')
    return report.text(found._replace(**changes), [line])  # type: ignore[arg-type]


def test_text_shows_the_line_and_marks_the_place() -> None:
    assert report.text(FOUND, LINES) == (
        'ci.yml:2:3: error: no "biuld" [id]\n 2 |   biuld: {}\n   |   ^~~~~\n   hint: try build\n'
    )


def test_a_finding_about_the_whole_file_has_no_line() -> None:
    found = FOUND._replace(span=NOWHERE, hint='')
    assert report.text(found, LINES) == 'ci.yml: error: no "biuld" [id]\n'


def test_tabs_and_wide_characters_keep_the_mark_under_the_word() -> None:
    assert at('\tnäme: x', 8, 9).splitlines()[2] == '   | \t      ^'
    assert at('名前: x', 5, 6).splitlines()[2] == '   |       ^'


def test_a_span_over_many_lines_is_marked_to_the_end_of_its_first() -> None:
    found = FOUND._replace(span=Span(1, 1, 2, 3))
    assert '^~~~~\n' in report.text(found, LINES)


def test_a_very_long_line_is_cut_around_the_mark() -> None:
    shown = at('a' * 500 + 'HERE' + 'b' * 500, 501, 505).splitlines()
    assert len(shown[1]) < 200
    assert shown[1][shown[2].index('^') :].startswith('HERE')


def test_what_could_move_a_cursor_is_shown_as_a_dot() -> None:
    assert '\x1b' not in at('a \x1b[2J b', 1, 2, message='evil \x1b[2J\r')


def test_a_secret_is_never_shown() -> None:
    shown = at('key: hunter2', 6, 13, hidden=True)
    assert 'hunter2' not in shown
    assert 'key: *******' in shown


def test_colour_paints_and_changes_no_word() -> None:
    painted = report.text(FOUND, LINES, colour=True)
    assert '\x1b[1;31merror:\x1b[0m' in painted
    assert re.sub(r'\x1b\[[0-9;]*m', '', painted) == report.text(FOUND, LINES)
    counted = report.summary([FOUND], 1, colour=True)
    assert counted == '\x1b[31m1 error\x1b[0m in 1 file'


def test_json_is_a_list_of_flat_records() -> None:
    assert json.loads(report.as_json([FOUND])) == [
        {
            'file': 'ci.yml',
            'line': 2,
            'column': 3,
            'end_column': 8,
            'severity': 'error',
            'code': 'id',
            'message': 'no "biuld"',
            'hint': 'try build',
        }
    ]


def test_sarif_names_rule_level_and_region() -> None:
    rule = Rule('id', Severity.ERROR, 'What.', 'Why.', 'Fix.')
    log = json.loads(report.sarif([FOUND._replace(file='a b.yml')], '1.0', [rule]))
    run = log['runs'][0]
    result = run['results'][0]
    place = result['locations'][0]['physicalLocation']
    assert log['version'] == '2.1.0'
    assert run['tool']['driver']['rules'][result['ruleIndex']]['id'] == result['ruleId'] == 'id'
    assert result['level'] == 'error'
    assert place['artifactLocation'] == {'uri': 'a%20b.yml'}
    assert place['region'] == {'startLine': 2, 'startColumn': 3, 'endLine': 2, 'endColumn': 8}


def test_sarif_of_a_whole_file_has_no_region() -> None:
    log = json.loads(report.sarif([FOUND._replace(span=NOWHERE)], '1.0'))
    assert 'region' not in log['runs'][0]['results'][0]['locations'][0]['physicalLocation']


def test_sarif_has_what_its_standard_requires() -> None:
    message = "Job 'a' depends on unknown job 'b'."
    long = FOUND._replace(span=Span(2, 3, 3, 1), severity=Severity.WARNING, message=message)
    found = [FOUND, long, FOUND._replace(span=NOWHERE, severity=Severity.NOTE, code='file')]
    log = json.loads(report.sarif(found, '1.0', catalogue.RULES))
    assert log.keys() == {'$schema', 'version', 'runs'}
    (run,) = log['runs']
    driver = run['tool']['driver']
    assert driver['name']
    assert [rule['id'] for rule in driver['rules']] == ['file', 'id']
    for rule in driver['rules']:
        assert rule['shortDescription']['text']
        assert rule['help']['text']
        assert rule['defaultConfiguration']['level'] in LEVELS
    for result in run['results']:
        assert driver['rules'][result['ruleIndex']]['id'] == result['ruleId']
        assert result['level'] in LEVELS
        assert result['message']['text']
        assert '..' not in result['message']['text']
        region = result['locations'][0]['physicalLocation'].get('region', {'startLine': 1})
        assert all(isinstance(number, int) and number >= 1 for number in region.values())
        assert region['startLine'] <= region.get('endLine', region['startLine'])
    assert [result['level'] for result in run['results']] == ['error', 'warning', 'note']


def test_a_workflow_command_escapes_what_would_end_it() -> None:
    found = FOUND._replace(file='a,b:c.yml', message='50% of\nthem', hint='')
    assert report.github(found) == (
        '::error file=a%2Cb%3Ac.yml,line=2,col=3,endColumn=8,title=id::50%25 of%0Athem\n'
    )


def test_notes_are_notices_to_github() -> None:
    assert report.github(FOUND._replace(severity=Severity.NOTE)).startswith('::notice file=ci.yml')


def test_the_summary_counts_by_severity() -> None:
    note = FOUND._replace(severity=Severity.NOTE)
    assert report.summary([FOUND, note, note], 3) == '1 error, 2 notes in 3 files'
    assert report.summary([], 1) == 'no mistakes in 1 file'
