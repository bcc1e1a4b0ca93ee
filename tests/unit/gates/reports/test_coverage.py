"""Coverage is counted line by line, whatever a report says of itself."""

import json

import pytest

from liftlock.gates.reports.read import Read, read
from liftlock.gates.reports.records import Coverage, Patch

JSON = json.dumps(
    {
        'meta': {'format': 3},
        'files': {
            'src/cart.py': {'executed_lines': [1, 2, 4], 'missing_lines': [5]},
            'src/empty.py': {'executed_lines': [], 'missing_lines': []},
        },
        'totals': {'percent_covered': 100.0},
    }
).encode()
COBERTURA = b"""<?xml version="1.0"?>
<!DOCTYPE coverage SYSTEM "http://cobertura.sourceforge.net/xml/coverage-04.dtd">
<coverage line-rate="1" branch-rate="1"><sources><source>/build/src</source></sources>
<packages><package name="a"><classes>
<class name="Cart" filename="cart.py"><methods><method name="pay"><lines>
<line number="4" hits="2"/></lines></method></methods>
<lines><line number="4" hits="0"/><line number="5" hits="0"/></lines></class>
</classes></package></packages></coverage>"""
LCOV = b"""TN:unit
SF:src/cart.js
FN:1,3,pay
FNDA:1,pay
DA:1,1
DA:2,0,checksum
DA:2,3
BRDA:1,0,jump to line 2,-
end_of_record
"""
DIFF = {
    'src_stats': {'a.py': {'violation_lines': [30]}},
    'total_num_lines': 4,
    'total_num_violations': 1,
    'num_changed_lines': 9,
    'total_percent_covered': 100,
}


def test_coverage_py_is_read_by_its_lines() -> None:
    (found,) = read('coverage.json', JSON).reports
    assert isinstance(found, Coverage)
    assert found.files['src/cart.py'] == {1: True, 2: True, 4: True, 5: False}


def test_cobertura_is_read_with_its_document_type_and_its_source() -> None:
    """A line of a method stands there twice, and was run if either says so."""
    (found,) = read('anything.xml', COBERTURA).reports
    assert found == Coverage('Cobertura', {'cart.py': {4: True, 5: False}}, '/build/src')


def test_lcov_is_read_and_a_line_that_is_told_twice_was_run_if_either_says_so() -> None:
    assert read('lcov.info', LCOV).reports == (
        Coverage('LCOV', {'src/cart.js': {1: True, 2: True}}),
    )


def test_jacoco_and_clover_are_read() -> None:
    jacoco = b"""<!DOCTYPE report PUBLIC "-//JACOCO//DTD Report 1.1//EN" "report.dtd">
    <report name="s">
    <package name="org/shop"><class name="org/shop/Cart"><counter type="LINE"/></class>
    <sourcefile name="Cart.java"><line nr="3" mi="0" ci="2"/><line nr="4" mi="1" ci="0"/>
    </sourcefile></package></report>"""
    assert read('j.xml', jacoco).reports == (
        Coverage('JaCoCo', {'org/shop/Cart.java': {3: True, 4: False}}),
    )
    clover = b"""<coverage generated="1" clover="3.2.0"><project><file name="a.js" path="/ws/a.js">
    <line num="3" count="0" type="cond"/><line num="3" count="1" type="stmt"/>
    <line num="4" count="0" type="stmt"/></file></project></coverage>"""
    assert read('c.xml', clover).reports == (Coverage('Clover', {'/ws/a.js': {3: True, 4: False}}),)
    assert 'belongs to no file' in read('c', clover.replace(b'file', b'fill')).trouble
    assert 'no coverage of 100%' in read('j', jacoco.replace(b'<line', b'<lane')).trouble


def test_diff_cover_is_counted() -> None:
    assert read('d.json', json.dumps(DIFF).encode()).reports == (Patch(9, 4, (('a.py', 30),)),)


@pytest.mark.parametrize(
    ('content', 'reason'),
    [
        (b'', 'it is empty'),
        (JSON[:-30], 'it ends too early'),
        (JSON.replace(b'"missing_lines": [5]', b'"missing": 5'), '"missing_lines" is missing'),
        (JSON.replace(b'[5]', b'[5.5]'), 'a line has no number'),
        (COBERTURA[:-12], 'no well-formed XML'),
        (COBERTURA.replace(b'hits="2"', b'hits="many"'), '"many" is no number'),
        (b'<coverage line-rate="1"><packages/></coverage>', 'no coverage of 100%'),
        (LCOV.replace(b'end_of_record', b''), 'it was cut off'),
        (LCOV.replace(b'DA:1,1', b'DA:x,1'), 'line 5 tells no line'),
        (LCOV.replace(b'SF:', b'FS:'), 'none of LCOV'),
        (b'SF:a\nend_of_record\n', 'no coverage of 100%'),
        (json.dumps(DIFF | {'total_num_violations': 0}).encode(), 'contradict one another'),
    ],
)
def test_what_proves_nothing_is_refused_with_its_reason(content: bytes, reason: str) -> None:
    found = read('report', content)
    assert not found.reports
    assert reason in found.trouble


def test_entities_are_refused_before_they_grow() -> None:
    bomb = (
        b'<!DOCTYPE coverage [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]>'
        b'<coverage line-rate="&b;"/>'
    )
    assert read('c.xml', bomb) == Read(
        'c.xml', trouble='it declares entities, which no report needs'
    )
