"""Bytes to reports. To add one, write its reader and name it here.

A report is known by what is in it. Its name counts in one case only: several tools write `[]` when
they find nothing, and then nothing but the name tells which of them it was.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from liftlock.gates import junit
from liftlock.gates.reports import (
    analysers,
    audits,
    bom,
    coverage,
    images,
    jacoco,
    linters,
    load,
    markup,
    patch,
    policy,
    probes,
    sarif,
    secrets,
    suites,
    tools,
    tree,
)
from liftlock.gates.reports.records import Doubtful, Findings, Report, Unreadable
from liftlock.gates.reports.tree import Tree
from liftlock.language.records import NamedTuple

LARGEST: Final = 64 * 1024 * 1024  # bytes of one report
BEGINNING: Final = 4096

Looks = Callable[[Any], bool]
Reads = Callable[[Any], Report | tuple[Report, ...]]

JSON: Final[tuple[tuple[Looks, Reads], ...]] = (
    (sarif.looks, sarif.read),
    (coverage.looks, coverage.read),
    (patch.looks, patch.read),
    (bom.looks_cyclonedx, bom.read_cyclonedx),
    (bom.looks_spdx, bom.read_spdx),
    (bom.looks_pip_licenses, bom.read_pip_licenses),
    (bom.looks_license_checker, bom.read_license_checker),
    (analysers.looks_bandit, analysers.read_bandit),
    (analysers.looks_semgrep, analysers.read_semgrep),
    (analysers.looks_zizmor, analysers.read_zizmor),
    (linters.looks_ruff, linters.read_ruff),
    (linters.looks_gitlab, linters.read_gitlab),
    (linters.looks_eslint, linters.read_eslint),
    (audits.looks_pip_audit, audits.read_pip_audit),
    (audits.looks_npm_audit, audits.read_npm_audit),
    (audits.looks_retire, audits.read_retire),
    (audits.looks_safety, audits.read_safety),
    (audits.looks_safety_report, audits.read_safety_report),
    (images.looks_hadolint, images.read_hadolint),
    (images.looks_checkov, images.read_checkov),
    (images.looks_trivy, images.read_trivy),
    (images.looks_grype, images.read_grype),
    (images.looks_inspected, images.read_inspected),
    (secrets.looks_kingfisher, secrets.read_kingfisher),
    (secrets.looks_detect_secrets, secrets.read_detect_secrets),
    (secrets.looks_gitleaks, secrets.read_gitleaks),
    (secrets.looks_trufflehog3, secrets.read_trufflehog3),
    (load.looks, load.read),
    (load.looks_own, load.read_own),
    (probes.looks_wapiti, probes.read_wapiti),
    (policy.looks_opa, policy.read_opa),
    (policy.looks_conftest, policy.read_conftest),
)
XML: Final[tuple[tuple[Looks, Reads], ...]] = (
    (jacoco.looks_clover, jacoco.read_clover),
    (coverage.looks_xml, coverage.read_xml),
    (jacoco.looks, jacoco.read),
    (junit.looks, suites.read),
)
# Tools whose reports are lines of JSON, known by their first.
LINES: Final[tuple[tuple[Looks, Reads], ...]] = (
    (linters.looks_mypy, linters.read_mypy),
    (secrets.looks_trufflehog, secrets.read_trufflehog),
    (probes.looks_schemathesis, probes.read_schemathesis),
)
TEXTS: Final[tuple[tuple[Looks, Reads], ...]] = (
    (coverage.looks_lcov, coverage.read_lcov),
    (linters.looks_flake8, linters.read_flake8),
)
# Those that write `[]` when they find nothing.
SILENT: Final = (
    'ruff', 'hadolint', 'zizmor', 'gitleaks', 'trufflehog', 'safety', 'code-quality',
)  # fmt: skip


# What stands at the beginning of reports, and of hardly anything else: a file of JSON that was cut
# off is one of them if it has such a key.
MARKS: Final = (
    b'"runs"', b'"results"', b'"findings"', b'"metrics"', b'"vulns"', b'"auditReportVersion"',
    b'"bomFormat"', b'"spdxVersion"', b'"check_type"', b'"executed_lines"', b'"matches"',
    b'"src_stats"', b'"test_id"', b'"check_name"', b'"skip_reason"', b'"response_times"',
    b'"plugins_used"', b'"ArtifactType"', b'"ident"', b'"RuleID"', b'"License"', b'"licenses"',
)  # fmt: skip


class Read(NamedTuple):
    """One file. `trouble` says why nothing can be decided by it; without reports and trouble it is
    none that anybody knows. `sure`: it is a report, even if it cannot be read."""

    name: str
    reports: tuple[Report, ...] = ()
    trouble: str = ''
    sure: bool = True


def read(name: str, content: bytes) -> Read:
    """Nothing in a report can make this fail."""
    if len(content) > LARGEST:
        return too_large(name, content)
    try:
        found = _read(name, content)
    except Doubtful as error:
        return Read(name, trouble=str(error), sure=False)
    except Unreadable as error:
        return Read(name, trouble=str(error))
    return Read(
        name, found if isinstance(found, tuple) and not hasattr(found, '_fields') else (found,)
    )


def too_large(name: str, beginning: bytes) -> Read:
    """Nobody reads it; by its beginning it may still be known as a report."""
    start = beginning[:BEGINNING]
    sure = any(mark in start for mark in MARKS) or any(looks(start) for looks, _ in XML)
    return Read(name, trouble=f'it is larger than {LARGEST >> 20} MB', sure=sure)


def _read(name: str, content: bytes) -> Any:
    beginning = content[:BEGINNING].lstrip(b'\xef\xbb\xbf \t\r\n')
    if not beginning:
        raise Doubtful('it is empty, and so proves nothing')
    if beginning.startswith(b'<'):
        return _markup(content, beginning)
    if load.looks_csv(beginning):
        return load.read_csv(_text(content))
    text = _text(content)
    if beginning[:1] in (b'{', b'['):
        return _json(name, text)
    for looks, reads in TEXTS:
        if looks(text):
            return reads(text)
    return ()


def _text(content: bytes) -> str:
    try:
        return content.decode('utf-8-sig')
    except UnicodeDecodeError as error:
        raise Doubtful(f'it is no UTF-8: {error.reason} at byte {error.start}') from None


def _markup(content: bytes, beginning: bytes) -> Any:
    for looks, reads in XML:
        if looks(beginning):
            return reads(content)
    try:
        markup.walk(content, lambda *_: None)
    except Unreadable as error:
        raise Doubtful(str(error)) from None
    return ()


def _json(name: str, text: str) -> Any:
    rows = text.strip().splitlines()
    if text.lstrip().startswith('{') and (found := _lines(rows)) is not None:
        return found
    root = _parsed(text)
    if root == []:
        return _silent(name)
    return next((reads(root) for looks, reads in JSON if looks(root)), ())


def _parsed(text: str) -> Tree:
    try:
        return tree.parse(text)
    except Unreadable as error:
        beginning = text[:BEGINNING].encode(errors='replace')
        if any(mark in beginning for mark in MARKS):
            raise
        raise Doubtful(str(error)) from None


def _lines(rows: list[str]) -> Any:
    try:
        first = tree.parse(rows[0])
    except Unreadable:
        return None  # one object over many lines
    reads = next((reads for looks, reads in LINES if looks(first)), None)
    return None if reads is None else reads([first, *map(_row, range(2, len(rows) + 1), rows[1:])])


def _row(number: int, row: str) -> Mapping[str, Tree]:
    try:
        found = tree.parse(row)
    except Unreadable as error:
        raise Unreadable(f'line {number}: {error}') from None
    if not isinstance(found, dict):
        raise Unreadable(f'line {number} is no object')
    return found


def _silent(name: str) -> Findings:
    """An empty list proves as much as the tool that wrote it: that it found nothing."""
    file = name.rpartition('/')[2].lower()
    tool = next((one for one in SILENT if one in file), '')
    if not tool:
        raise Doubtful(
            'it is an empty list, which many tools write: name it after its tool, as ruff.json'
        )
    return Findings(tool, ('lint',) if tool == 'code-quality' else tools.gates(tool))
