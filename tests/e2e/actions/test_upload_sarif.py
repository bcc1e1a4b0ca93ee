"""SARIF files are checked as the original checks them, and recorded for the gates."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from e2e.actions.bench import Bench
from liftlock.runner.ports import World
from liftlock.runner.workbench import StepFailed

GITHUB = {'workflow_ref': 'acme/shop/.github/workflows/scan.yml@refs/heads/main'}


def step(root: Path, **inputs: str) -> Bench:
    world = World(None, None, None, None, root / 'tools', root / 'packages')  # type: ignore[arg-type]
    uses = 'github/codeql-action/upload-sarif@v3'
    return Bench(uses, root / 'job', world, inputs, github=GITHUB)


def scan(bench: Bench, name: str = 'ruff.sarif') -> Path:
    """What a real linter says of a file with one mistake."""
    (bench.workspace / 'shop.py').write_text('import os\n')
    done = subprocess.run(
        (sys.executable, '-m', 'ruff', 'check', '--isolated', '--output-format=sarif', 'shop.py'),
        cwd=bench.workspace, capture_output=True, check=False,
    )  # fmt: skip
    file = bench.workspace / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(done.stdout)
    return file


def written(bench: Bench, content: object) -> None:
    (bench.workspace / 'x.sarif').write_text(
        content if isinstance(content, str) else json.dumps(content)
    )


def test_the_findings_of_a_real_linter_are_recorded(tmp_path: Path) -> None:
    bench = step(tmp_path, sarif_file='ruff.sarif', category='lint')
    scan(bench)
    bench.main()
    assert [report[:3] for report in bench.reports] == [('sarif', 'ruff.sarif', ('lint',))]
    assert 'Found ruff.sarif: 1 result of ruff' in bench.lines
    identity = bench.outputs['sarif-id']
    assert json.loads(bench.outputs['sarif-ids']) == {'code-scanning': identity}


def test_every_file_of_a_directory_is_recorded(tmp_path: Path) -> None:
    bench = step(tmp_path, sarif_file='out')
    first = scan(bench, 'out/a.sarif')
    other: dict[str, Any] = json.loads(first.read_text())
    other['runs'][0]['tool']['driver']['name'] = 'other'
    (bench.workspace / 'out/deep').mkdir()
    (bench.workspace / 'out/deep/b.sarif').write_text(json.dumps(other))
    (bench.workspace / 'out/c.json').write_text('{}')
    (bench.workspace / 'out/link.sarif').symlink_to(first)
    bench.main()
    assert [name for _, name, _, _ in bench.reports] == ['out/a.sarif', 'out/deep/b.sarif']


def test_without_a_category_the_workflow_and_the_job_are_one(tmp_path: Path) -> None:
    bench = step(tmp_path, sarif_file='ruff.sarif')
    scan(bench)
    bench.main()
    assert bench.reports[0][2] == ('.github/workflows/scan.yml:build',)


def test_a_second_upload_of_a_category_is_refused(tmp_path: Path) -> None:
    first = step(tmp_path, sarif_file='ruff.sarif', category='lint')
    scan(first)
    first.main()
    again = step(tmp_path, sarif_file='ruff.sarif', category='lint')
    again.env.update(first.exported)
    with pytest.raises(StepFailed, match=r'only one run .* Category: \(lint/\) Tool: \(ruff\)'):
        again.main()
    assert not again.reports
    other = step(tmp_path, sarif_file='ruff.sarif', category='other')
    other.env.update(first.exported)
    other.main()


def test_another_commit_and_another_checkout_are_told(tmp_path: Path) -> None:
    bench = step(tmp_path, sarif_file='r.sarif', ref='refs/heads/x', sha='abc', checkout_path='src')
    scan(bench, 'r.sarif')
    bench.main()
    assert bench.reports[0][3] == {
        'root': bench.workspace / 'src',
        'ref': 'refs/heads/x',
        'sha': 'abc',
    }


@pytest.mark.parametrize(
    ('content', 'complaint'),
    [
        ('{"version": ', 'Invalid SARIF. JSON syntax error: '),
        ({'version': '2.1.0'}, 'is not valid SARIF:\n- instance requires property "runs"'),
        (
            {'version': '2.1.0', 'runs': [{'tool': {'driver': {'name': 'x'}}}]},
            "Invalid SARIF. Missing 'results' array in run.",
        ),
        ('[' * 100_000, 'Invalid SARIF. JSON syntax error: '),
    ],
)
def test_what_is_no_sarif_fails_and_is_not_recorded(
    tmp_path: Path, content: object, complaint: str
) -> None:
    bench = step(tmp_path, sarif_file='x.sarif')
    written(bench, content)
    with pytest.raises(StepFailed) as failed:
        bench.main()
    assert complaint in str(failed.value)
    assert not bench.reports


def test_a_file_with_a_thousand_mistakes_does_not_fill_the_screen(tmp_path: Path) -> None:
    bench = step(tmp_path, sarif_file='x.sarif')
    written(bench, {'version': '2.1.0', 'runs': [{}] * 1000})
    with pytest.raises(StepFailed, match=r'- and 980 more$'):
        bench.main()


def test_nothing_to_upload_fails(tmp_path: Path) -> None:
    with pytest.raises(StepFailed, match=r'^Path does not exist: \.\./results$'):
        step(tmp_path).main()
    bench = step(tmp_path, sarif_file='empty')
    (bench.workspace / 'empty').mkdir()
    with pytest.raises(StepFailed, match='No SARIF files found to upload in "empty"'):
        bench.main()


def test_ref_and_sha_belong_together(tmp_path: Path) -> None:
    with pytest.raises(StepFailed, match="Both 'ref' and 'sha' are required"):
        step(tmp_path, ref='refs/heads/main').main()
