"""github/codeql-action/upload-sarif, all majors: records findings for the gates, sends nothing."""

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from liftlock.language.records import NamedTuple
from liftlock.runner.actions import sarif
from liftlock.runner.workbench import StepFailed, Workbench

INPUTS: Final[Mapping[str, str]] = {
    'sarif_file': '../results',
    'checkout_path': '',
    'ref': '',
    'sha': '',
    'token': '',
    'matrix': '',
    'category': '',
    'wait-for-processing': 'true',
}
_MOST_PROBLEMS: Final = 20


class _Findings(NamedTuple):
    """A file that is valid SARIF."""

    file: Path
    content: dict[str, Any]
    results: int


async def main(bench: Workbench) -> None:
    if bool(bench.inputs['ref']) != bool(bench.inputs['sha']):
        raise StepFailed("Both 'ref' and 'sha' are required if one of them is provided.")
    found = [_read(bench, file) for file in _files(bench)]
    _claim_categories(bench, found)
    digests = [await _record(bench, findings) for findings in found]
    identity = str(UUID(digests[0][:32]))
    bench.set_output('sarif-id', identity)
    bench.set_output('sarif-ids', json.dumps({'code-scanning': identity}))
    bench.log('Nothing was sent to GitHub: the findings are kept with this run.')


def _files(bench: Workbench) -> Sequence[Path]:
    """The file, or all `*.sarif` below the directory; links are not followed there."""
    given = bench.inputs['sarif_file']
    path = bench.workspace / given
    if not path.exists():
        raise StepFailed(f'Path does not exist: {given}')
    if not path.is_dir():
        return (path,)
    found = sorted(_below(path))
    if not found:
        raise StepFailed(f'No SARIF files found to upload in "{given}".')
    return found


def _below(directory: Path) -> Iterator[Path]:
    for folder, _, names in os.walk(directory):
        files = (Path(folder, name) for name in names if name.endswith('.sarif'))
        yield from (file for file in files if file.is_file() and not file.is_symlink())


def _read(bench: Workbench, file: Path) -> _Findings:
    try:
        with bench.open(file) as stream:
            content = json.load(stream)
    except (OSError, ValueError, RecursionError) as error:
        raise StepFailed(f'Invalid SARIF. JSON syntax error: {error}') from None
    problems = list(sarif.check(content))
    if problems:
        shown = [f'- {problem}' for problem in problems[:_MOST_PROBLEMS]]
        if len(problems) > len(shown):
            shown.append(f'- and {len(problems) - len(shown)} more')
        raise StepFailed(
            '\n'.join([f'Unable to upload "{file}" as it is not valid SARIF:', *shown])
        )
    count = sarif.count(content)
    if count is None:
        raise StepFailed("Invalid SARIF. Missing 'results' array in run.")
    return _Findings(file, content, count)


def _claim_categories(bench: Workbench, found: Sequence[_Findings]) -> None:
    """A second upload of one tool and category would replace the first: the original refuses it.

    What was uploaded is remembered in variables, as there, so it counts for the whole job.
    """
    default = f'{_category(bench).rstrip("/")}/'
    pairs = [pair for one in found for pair in sarif.categories(one.content, default)]
    for category, tool in dict.fromkeys(pairs):
        name = re.sub('[^A-Z0-9_]', '_', f'CODEQL_UPLOAD_SARIF_{category}_{tool}'.upper())
        if bench.env.get(name):
            raise StepFailed(
                'Aborting upload: only one run of the codeql/analyze or codeql/upload-sarif '
                'actions is allowed per job per tool/category. The easiest fix is to specify a '
                f'unique value for the `category` input. Category: ({category}) Tool: ({tool})'
            )
        bench.export(name, name)


def _category(bench: Workbench) -> str:
    """What the original makes up is the file of the workflow and the job; ours tells legs apart."""
    workflow = str(bench.github.get('workflow_ref', '')).partition('@')[0]
    path = '/'.join(workflow.split('/')[2:])
    return bench.inputs['category'] or f'{path}:{bench.job}'


async def _record(bench: Workbench, findings: _Findings) -> str:
    file, plural = findings.file, '' if findings.results == 1 else 's'
    tools = ', '.join(run['tool']['driver']['name'] for run in findings.content['runs']) or 'nobody'
    shown = file.relative_to(bench.workspace) if file.is_relative_to(bench.workspace) else file
    bench.log(f'Found {shown}: {findings.results} result{plural} of {tools}')
    return await bench.record(
        'sarif',
        file,
        flags=(_category(bench),),
        root=bench.workspace / bench.inputs['checkout_path'],
        ref=bench.inputs['ref'],
        sha=bench.inputs['sha'],
    )
