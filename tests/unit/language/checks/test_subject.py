from liftlock.language.checks.subject import Subject, shown, written
from liftlock.language.source import Span
from liftlock.language.workflow import Workflow

LINES = (
    'run: |',
    '  echo "${{ github.Event["x"] }}"',
    "  echo ${{ github.event . title }} ${{ 'a}}b' }}",
)
SUBJECT = Subject(Workflow('ci.yml', {}, {}), LINES)
WHOLE = Span(1, 6, 3, len(LINES[2]) + 1)


def test_a_spot_is_the_first_match_within_the_span() -> None:
    assert SUBJECT.spot(WHOLE, 'echo') == Span(2, 3, 2, 7)
    assert SUBJECT.spot(Span(3, 1, 3, 9), 'echo') == Span(3, 3, 3, 7)


def test_without_a_match_the_span_itself_is_the_spot() -> None:
    assert SUBJECT.spot(WHOLE, 'nothing') == WHOLE


def test_a_reference_is_found_however_it_is_written() -> None:
    assert SUBJECT.spot(WHOLE, written(('github', 'event', 'title'))) == Span(3, 12, 3, 32)


def test_the_name_in_a_message_is_spelled_as_its_author_did() -> None:
    assert SUBJECT.spelled(WHOLE, 'event') == 'event'
    assert SUBJECT.spelled(Span(2, 1, 2, 30), 'event') == 'Event'
    assert SUBJECT.spelled(WHOLE, 'absent') == 'absent'


def test_what_is_inserted_has_its_place_and_may_hold_braces() -> None:
    found = Subject(SUBJECT.document, LINES[2:]).inserted(Span(1, 1, 1, len(LINES[2]) + 1))
    assert found is not None
    assert [(span.column, expression.source.strip()) for span, expression in found] == [
        (11, 'github.event . title'),
        (39, "'a}}b'"),
    ]


def test_text_that_hides_an_expression_is_left_to_its_token() -> None:
    assert SUBJECT.inserted(WHOLE) is None


def test_raw_is_the_text_of_a_span_as_it_stands() -> None:
    assert SUBJECT.raw(Span(1, 6, 2, 7)) == '|\n  echo'
    assert SUBJECT.raw(Span(9, 1, 9, 2)) == ''


def test_messages_show_indexes_in_brackets() -> None:
    assert (
        shown(('github', 'event', 'commits', '0', 'message')) == 'github.event.commits[0].message'
    )
    assert shown(('github', None, '*')) == 'github.*.*'
