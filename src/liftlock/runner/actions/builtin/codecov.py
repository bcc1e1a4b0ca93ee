"""codecov/codecov-action, all majors: records the reports for the gates, and sends nothing.

A run on one's own machine is no news for a service that draws the history of a project.
"""

import fnmatch
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from liftlock.runner.workbench import StepFailed, Workbench

_NAMES: Final = (
    'base_sha', 'binary', 'codecov_yml_path', 'commit_parent', 'directory', 'disable_file_fixes',
    'disable_safe_directory', 'disable_search', 'disable_telem', 'dry_run', 'env_vars', 'exclude',
    'fail_ci_if_error', 'file', 'files', 'flags', 'force', 'full_report', 'functionalities',
    'gcov', 'gcov_args', 'gcov_executable', 'gcov_ignore', 'gcov_include', 'gcov_path_exclude',
    'gcov_path_include', 'gcov_prefix', 'gcov_root_dir', 'git_service', 'handle_no_reports_found',
    'job_code', 'move_coverage_to_trash', 'name', 'network_filter', 'network_prefix', 'os',
    'override_branch', 'override_build', 'override_build_url', 'override_commit', 'override_pr',
    'override_tag', 'path_to_write_report', 'plugin', 'plugins', 'aws_curl_args',
    'codecov_curl_args', 'recurse_submodules', 'report_code', 'report_type', 'root_dir',
    'run_command', 'skip_validation', 'slug', 'swift', 'swift_project', 'token', 'upstream_proxy',
    'url', 'use_legacy_upload_endpoint', 'use_oidc', 'use_pypi', 'verbose', 'version',
    'working-directory', 'xcode', 'xcode_archive_path', 'xcode_derived_data', 'xcode_package',
)  # fmt: skip
INPUTS: Final[Mapping[str, str]] = dict.fromkeys(_NAMES, '')

# What the uploader looks for by itself, most of all.
_REPORTS: Final = (
    '*coverage*.*', 'nosetests.xml', 'jacoco*.xml', 'clover.xml', 'report.xml', '*.codecov.!',
    'codecov.!', 'cobertura.xml', 'excoveralls.json', 'luacov.report.out', 'coverage-final.json',
    'naxsi.info', 'lcov.info', 'lcov.dat', '*.lcov', '*.gcov', 'cover.out', 'gcov.info',
)  # fmt: skip
_TEST_RESULTS: Final = ('*junit*.xml', '*test*.xml', 'TEST-*.xml')
_NO_REPORTS: Final = (
    '.coverage', '*.py', '*.pyc', '*.js', '*.css', '*.html', '*.sh', '*.md', '*.rst', '*.txt',
    '*.cfg', '*.toml', '*.ini', '*.yml', '*.yaml', '*.png', '*.svg', '*.gz', '*.zip', '*.whl',
    '*.db', '.coveragerc', 'coverage-summary.json',
)  # fmt: skip
_PASSED_OVER: Final = frozenset(
    {'.git', '.hg', '.tox', '.nox', '.venv', 'venv', 'env', 'node_modules', 'vendor', 'htmlcov',
     '__pycache__', '.mypy_cache', '.pytest_cache', '.ruff_cache', 'lcov-report', 'site-packages'}
)  # fmt: skip
_RATE = re.compile(rb'<coverage\b[^>]*\bline-rate="([0-9.]+)"')
_HEAD = 4096  # bytes; where Cobertura has its totals


async def main(bench: Workbench) -> None:
    work = bench.workspace / bench.inputs['working-directory']
    found = dict.fromkeys([*_named(bench, work), *_searched(bench, work)])
    for file in found:
        await _record(bench, file)
    if not found and bench.inputs['handle_no_reports_found'] != 'true':
        _fail(bench, 'No coverage reports found. Please make sure the tests wrote one.')
    bench.log('Nothing was sent to Codecov: the reports are kept with this run.')


async def _record(bench: Workbench, file: Path) -> None:
    flags = _listed(bench.inputs['flags'])
    shown = file.relative_to(bench.workspace) if file.is_relative_to(bench.workspace) else file
    bench.log(f'Found {shown}: {_describe(bench, file)} (flags: {", ".join(flags) or "none"})')
    if bench.inputs['dry_run'] != 'true':
        kind = 'tests' if bench.inputs['report_type'] == 'test_results' else 'coverage'
        await bench.record(kind, file, flags=flags, sha=bench.inputs['override_commit'])


def _fail(bench: Workbench, message: str) -> None:
    """The uploader's failures count only where the workflow says so."""
    if bench.inputs['fail_ci_if_error'] == 'true':
        raise StepFailed(message)
    bench.warning(message)


def _named(bench: Workbench, work: Path) -> Iterator[Path]:
    for name in _listed(f'{bench.inputs["files"]},{bench.inputs["file"]}'):
        matches = sorted(work.glob(name)) if not Path(name).is_absolute() else [Path(name)]
        files = [file for file in matches if file.is_file()]
        if not files:
            bench.warning(f'Some files were not found: {name}')
        yield from files


def _searched(bench: Workbench, work: Path) -> Iterator[Path]:
    """Up to v3, naming files was enough to end the search; `disable_search` came with v4."""
    if bench.inputs['disable_search'] == 'true' or bench.inputs['file']:
        return
    wanted = _TEST_RESULTS if bench.inputs['report_type'] == 'test_results' else _REPORTS
    excluded = {*_PASSED_OVER, *_listed(bench.inputs['exclude'])}
    for folder, folders, names in os.walk(work / bench.inputs['directory']):
        folders[:] = sorted(name for name in folders if name not in excluded)
        for name in sorted(names):
            if _matches(name, wanted) and not _matches(name, _NO_REPORTS):
                yield Path(folder, name)


def _matches(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def _listed(text: str) -> list[str]:
    return [word for word in re.split(r'[,\s]+', text) if word]


def _describe(bench: Workbench, file: Path) -> str:
    with bench.open(file) as stream:
        rate = _RATE.search(stream.read(_HEAD))
        size = os.fstat(stream.fileno()).st_size
    return f'{float(rate[1]):.1%} of lines' if rate else f'{size} bytes'
