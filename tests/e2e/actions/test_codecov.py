"""Coverage reports are found, recorded for the gates, and sent to nobody."""

from pathlib import Path

import pytest

from e2e.actions.bench import Bench
from liftlock.runner.ports import World
from liftlock.runner.workbench import StepFailed

COBERTURA = '<?xml version="1.0" ?>\n<coverage version="7" line-rate="0.9125" branch-rate="0">'


def step(root: Path, files: dict[str, str], /, **inputs: str) -> Bench:
    world = World(None, None, None, None, root / 'tools', root / 'packages')  # type: ignore[arg-type]
    given = {name.replace('working_', 'working-'): text for name, text in inputs.items()}
    bench = Bench('codecov/codecov-action@v5', root / 'job', world, given)
    for name, text in files.items():
        file = bench.workspace / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return bench


def found(bench: Bench) -> list[str]:
    return [line.removeprefix('Found ') for line in bench.lines if line.startswith('Found ')]


def test_reports_are_found_and_described(tmp_path: Path) -> None:
    files = {
        'coverage.xml': COBERTURA,
        'web/lcov.info': 'SF:a.js\n',
        'tests/test_coverage.py': '',
        'node_modules/x/coverage.xml': COBERTURA,
        '.coverage': '',
    }
    bench = step(tmp_path, files, flags='unit,web')
    bench.main()
    assert found(bench) == [
        'coverage.xml: 91.2% of lines (flags: unit, web)',
        'web/lcov.info: 8 bytes (flags: unit, web)',
    ]
    assert bench.lines[-1].startswith('Nothing was sent to Codecov')
    assert not bench.warnings
    assert [(kind, name, flags) for kind, name, flags, _ in bench.reports] == [
        ('coverage', 'coverage.xml', ('unit', 'web')),
        ('coverage', 'web/lcov.info', ('unit', 'web')),
    ]


def test_files_that_are_named_come_first_and_once(tmp_path: Path) -> None:
    files = {'a.xml': COBERTURA, 'coverage.xml': COBERTURA}
    bench = step(tmp_path, files, files='./a.xml,coverage.xml')
    bench.main()
    assert [line.partition(':')[0] for line in found(bench)] == ['a.xml', 'coverage.xml']


def test_the_search_can_be_switched_off_and_pointed_elsewhere(tmp_path: Path) -> None:
    files = {'a.xml': COBERTURA, 'coverage.xml': COBERTURA, 'sub/out/cover.out': 'mode: set'}
    only = step(tmp_path, files, files='a.xml', disable_search='true')
    only.main()
    assert len(found(only)) == 1
    below = step(tmp_path, files, working_directory='sub', directory='out')
    below.main()
    assert found(below) == ['sub/out/cover.out: 9 bytes (flags: none)']


def test_results_of_tests_are_another_kind_of_report(tmp_path: Path) -> None:
    files = {'coverage.xml': COBERTURA, 'junit.xml': '<testsuites/>'}
    bench = step(tmp_path, files, report_type='test_results')
    bench.main()
    assert found(bench) == ['junit.xml: 13 bytes (flags: none)']
    assert bench.reports[0][:2] == ('tests', 'junit.xml')


def test_a_dry_run_records_nothing(tmp_path: Path) -> None:
    bench = step(tmp_path, {'coverage.xml': COBERTURA}, dry_run='true')
    bench.main()
    assert found(bench)
    assert not bench.reports


@pytest.mark.parametrize('inputs', [{}, {'files': 'gone.xml', 'disable_search': 'true'}])
def test_no_report_is_a_warning_unless_the_workflow_makes_it_a_failure(
    tmp_path: Path, inputs: dict[str, str]
) -> None:
    lenient = step(tmp_path, {}, **inputs)
    lenient.main()
    assert any('No coverage reports found' in text for text in lenient.warnings)
    with pytest.raises(StepFailed, match='No coverage reports found'):
        step(tmp_path, {}, fail_ci_if_error='true', **inputs).main()
    step(tmp_path, {}, fail_ci_if_error='true', handle_no_reports_found='true', **inputs).main()
