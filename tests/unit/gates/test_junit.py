"""Reports of tests, as runners write them, and as somebody would who means harm."""

import pytest

from liftlock.gates.junit import Case, NotJUnit, looks, parse

PYTEST = b"""<?xml version="1.0" encoding="utf-8"?>
<testsuites><testsuite name="pytest" errors="0" failures="1" tests="3">
<testcase classname="tests.test_cart" name="test_add"
  file="tests/test_cart.py" line="7" time="0.012"/>
<testcase classname="tests.test_cart" name="test_pay" time="1,200.5">
  <failure message="assert 1 == 2">cart.py:3: AssertionError</failure></testcase>
<testcase classname="tests.test_cart" name="test_print"><skipped message="needs a printer"/>
</testcase>
</testsuite></testsuites>"""
MAVEN = b"""<testsuite name="Shop" xmlns:x="y">
<testcase name="again"><flakyFailure message="timed out">late</flakyFailure></testcase>
<testcase name="never"><rerunFailure message="1"/><error type="java.lang.Error"/></testcase>
</testsuite>"""
BOMB = b"""<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>
<testsuite name="&b;"><testcase name="x"/></testsuite>"""


def test_a_report_of_pytest_is_read_whole() -> None:
    assert parse(PYTEST) == (
        Case('tests.test_cart', 'test_add', 'passed', 0.012, '', 'tests/test_cart.py', 7),
        Case(
            'tests.test_cart',
            'test_pay',
            'failed',
            1200.5,
            'assert 1 == 2\ncart.py:3: AssertionError',
        ),
        Case('tests.test_cart', 'test_print', 'skipped', 0.0, 'needs a printer'),
    )


def test_what_passed_when_it_was_tried_again_is_told_from_what_never_did() -> None:
    again, never = parse(MAVEN)
    assert (again.state, again.again, again.suite) == ('passed', True, 'Shop')
    assert (never.state, never.again) == ('failed', False)


@pytest.mark.parametrize(
    'text',
    [
        BOMB,
        b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><testsuite/>',
        b'<testsuite><testcase name="x"></testsuite>',
        b'<coverage/>',
        b'',
        b'<?xml version="1.0" encoding="klingon"?><testsuite/>',
        b'<testsuite>' * 100 + b'</testsuite>' * 100,
    ],
    ids=['bomb', 'external', 'damaged', 'other', 'empty', 'encoding', 'deep'],
)
def test_what_is_no_report_or_means_harm_is_refused(text: bytes) -> None:
    with pytest.raises(NotJUnit):
        parse(text)


def test_a_long_message_is_cut_and_a_number_that_is_none_is_passed_over() -> None:
    text = b'<testsuite><testcase name="x" time="soon" line="-1"><failure>%s</failure></testcase>'
    (case,) = parse(text % (b'long ' * 10_000) + b'</testsuite>')
    assert len(case.message) <= 8000
    assert (case.seconds, case.line) == (0.0, 0)


def test_a_file_is_known_by_its_beginning() -> None:
    assert looks(PYTEST[:200])
    assert not looks(b'<coverage line-rate="1">')
