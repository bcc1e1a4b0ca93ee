"""Scanners are run with the arguments of the originals, or the step fails.

Trivy and its like come from no package registry, so here are programs of their names that write
down how they were called. The container is a real one.
"""

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from containers import IMAGE, docker
from e2e.actions.bench import Bench
from e2e.actions.ground import Ground, Repository
from liftlock.plan.facts import ArtifactStored
from liftlock.runner.ports import World
from liftlock.runner.workbench import StepFailed

CALL = 'printf "%s\\n" "$@" > "$HOME/called"; env > "$HOME/env"; '


def search_path(folder: Path, *programs: str) -> None:
    """Let these of this machine's programs be in the folder, beside a few usual ones."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ('sh', 'cat', 'env', 'git', 'rm', *programs):
        found = shutil.which(name)
        if found and not (folder / name).exists():
            (folder / name).symlink_to(found)


class Machine:
    """A PATH with no scanner on it but those that a test puts there."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.bin = root / 'bin'
        search_path(self.bin)

    def install(self, program: str, script: str = '') -> None:
        file = self.bin / program
        file.write_text(f'#!/bin/sh\n{CALL}{script}\n')
        file.chmod(0o755)

    def step(
        self,
        uses: str,
        inputs: Mapping[str, str] | None = None,
        github: Mapping[str, Any] | None = None,
        world: World | None = None,
    ) -> Bench:
        root = self.root
        nothing = World(None, None, None, None, root / 'tools', root / 'packages')  # type: ignore[arg-type]
        env = {'PATH': str(self.bin)}
        return Bench(uses, root / 'job', world or nothing, inputs, env=env, github=github)

    def called(self, bench: Bench) -> list[str]:
        return (bench.home / 'called').read_text().splitlines()

    def env(self, bench: Bench) -> dict[str, str]:
        lines = (bench.home / 'env').read_text().splitlines()
        return {name: text for name, _, text in (line.partition('=') for line in lines)}


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


# --- where there is neither tool nor engine

ALL = [
    ('aquasecurity/trivy-action@master', {}, 'runs trivy, which is not on the PATH'),
    ('anchore/scan-action@v3', {}, 'runs grype, which is not on the PATH'),
    ('trufflesecurity/trufflehog@main', {}, 'runs trufflehog, which is not on the PATH'),
    ('zaproxy/action-full-scan@v0.8.0', {'target': 'http://x'}, 'runs zap-full-scan.py, which'),
    ('zaproxy/action-baseline@v0.14.0', {'target': 'http://x'}, 'runs zap-baseline.py, which'),
    (
        'dependency-check/Dependency-Check_Action@main',
        {'project': 'x', 'path': '.', 'format': 'HTML'},
        'runs dependency-check.sh or dependency-check, which',
    ),
]


@pytest.mark.parametrize(('uses', 'inputs', 'message'), ALL, ids=lambda value: str(value)[:20])
def test_without_tool_and_engine_a_scan_fails_and_says_what_to_install(
    uses: str, inputs: dict[str, str], message: str, machine: Machine
) -> None:
    bench = machine.step(uses, inputs, {'event_name': 'schedule'})
    subprocess.run(('git', 'init', '--quiet'), cwd=bench.workspace, check=True)
    with pytest.raises(StepFailed) as failed:
        bench.main()
    assert message in str(failed.value)
    assert 'Install Docker or podman' in str(failed.value)


# --- trivy


def test_trivy_is_told_by_variables(machine: Machine) -> None:
    machine.install('trivy', 'echo "{}" > "$TRIVY_OUTPUT"')
    inputs = {
        'scan-type': 'fs',
        'scan-ref': 'src',
        'format': 'sarif',
        'output': 'trivy.sarif',
        'severity': 'HIGH,CRITICAL',
        'exit-code': '1',
        'vuln-type': 'os,library',
    }
    bench = machine.step('aquasecurity/trivy-action@0.28.0', inputs)
    bench.main()
    assert machine.called(bench) == ['fs', 'src']
    told = {name: text for name, text in machine.env(bench).items() if name.startswith('TRIVY')}
    assert told == {
        'TRIVY_FORMAT': 'sarif',
        'TRIVY_OUTPUT': 'trivy.sarif',
        'TRIVY_EXIT_CODE': '1',
    }, 'SARIF has all severities, and defaults are not said'


def test_trivy_that_finds_something_fails_the_step(machine: Machine) -> None:
    machine.install('trivy', 'exit 3')
    bench = machine.step('aquasecurity/trivy-action@master', {'image-ref': 'shop:1'})
    with pytest.raises(StepFailed, match='exit code 3'):
        bench.main()
    assert machine.called(bench) == ['image', 'shop:1']


def test_trivy_without_its_report_has_not_scanned(machine: Machine) -> None:
    machine.install('trivy')
    bench = machine.step('aquasecurity/trivy-action@master', {'output': 'gone.json'})
    with pytest.raises(StepFailed, match=r'wrote no gone\.json: nothing was scanned'):
        bench.main()


def test_files_of_ignored_findings_become_one(machine: Machine) -> None:
    machine.install('trivy')
    bench = machine.step('aquasecurity/trivy-action@master', {'trivyignores': 'a,b'})
    for name in ('a', 'b'):
        (bench.workspace / name).write_text(f'CVE-{name}\n')
    bench.main()
    assert machine.env(bench)['TRIVY_IGNOREFILE'] == './trivyignores'
    assert (bench.workspace / 'trivyignores').read_text() == 'CVE-a\nCVE-b\n'
    gone = machine.step('aquasecurity/trivy-action@master', {'trivyignores': 'gone'})
    with pytest.raises(StepFailed, match="cannot find ignorefile 'gone'"):
        gone.main()


# --- grype

REPORT = 'while [ "$1" != --file ]; do shift; done; echo "{}" > "$2"; '


def test_grype_writes_its_report_where_the_workflow_expects_it(machine: Machine) -> None:
    machine.install('grype', REPORT)
    inputs = {'path': 'src', 'severity-cutoff': 'High', 'only-fixed': 'true', 'vex': 'v.json'}
    bench = machine.step('anchore/scan-action@v3', inputs)
    bench.main()
    assert machine.called(bench) == [
        '-o', 'sarif', '--file', './results.sarif', '--fail-on', 'high', '--only-fixed',
        '--vex', 'v.json', 'dir:src',
    ]  # fmt: skip
    assert bench.outputs == {'sarif': './results.sarif'}
    newer = machine.step('anchore/scan-action@v6', {'image': 'shop:1', 'output-format': 'json'})
    newer.main()
    assert machine.called(newer)[-1] == 'shop:1'
    assert newer.outputs == {'json': str(newer.temp / 'results.json')}


@pytest.mark.parametrize(
    ('uses', 'script', 'fail', 'message'),
    [
        ('v3', f'{REPORT}exit 1', 'true', "vulnerabilities with level 'medium' or higher"),
        ('v6', f'{REPORT}exit 2', 'true', "vulnerabilities with level 'medium' or higher"),
        ('v6', f'{REPORT}exit 1', 'false', 'grype had a non-zero exit status when running'),
        ('v3', 'exit 1', 'false', 'grype had a non-zero exit status when running: 1'),
        ('v3', 'exit 0', 'false', 'wrote no results.sarif: nothing was scanned'),
    ],
)
def test_grype_that_finds_something_is_told_from_one_that_breaks(
    uses: str, script: str, fail: str, message: str, machine: Machine
) -> None:
    machine.install('grype', script)
    bench = machine.step(f'anchore/scan-action@{uses}', {'fail-build': fail})
    (bench.workspace / 'results.sarif').write_text('{"old": true}')
    with pytest.raises(StepFailed) as failed:
        bench.main()
    assert message in str(failed.value)


def test_grype_may_only_warn(machine: Machine) -> None:
    machine.install('grype', f'{REPORT}exit 2')
    bench = machine.step('anchore/scan-action@v6', {'fail-build': 'false'})
    bench.main()
    assert "Found vulnerabilities with level 'medium'" in bench.warnings[0]


# --- trufflehog


@pytest.fixture
def history(machine: Machine) -> Repository:
    repository = Repository(machine.root / 'job/work')
    repository.commit('one', a='1')
    repository.commit('two', a='2')
    return repository


def test_the_same_commit_as_base_and_head_is_refused(machine: Machine, history: Repository) -> None:
    machine.install('trufflehog')
    inputs = {'base': 'main', 'head': 'HEAD'}
    bench = machine.step('trufflesecurity/trufflehog@main', inputs)
    with pytest.raises(StepFailed, match='BASE and HEAD commits are the same'):
        bench.main()
    assert not (bench.home / 'called').exists()


def test_a_base_that_is_not_there_is_another_than_the_head(
    machine: Machine, history: Repository
) -> None:
    machine.install('trufflehog')
    inputs = {'base': 'gone', 'head': 'HEAD', 'extra_args': '--only-verified --json'}
    bench = machine.step('trufflesecurity/trufflehog@main', inputs)
    bench.main()
    assert machine.called(bench) == [
        'git', f'file://{bench.workspace}', '--since-commit', 'gone', '--branch', 'HEAD', '--fail',
        '--no-update', '--github-actions', '--only-verified', '--json',
    ]  # fmt: skip


@pytest.mark.parametrize(
    ('github', 'expected'),
    [
        (
            {'event_name': 'push', 'event': {'before': 'b', 'after': 'a', 'commits': [{}]}},
            ['b', 'a'],
        ),
        (
            {'event_name': 'push', 'event': {'before': '0' * 40, 'after': 'a', 'commits': [{}]}},
            ['', 'a'],
        ),
        ({'event_name': 'schedule'}, ['', '']),
        (
            {
                'event_name': 'pull_request',
                'event': {'pull_request': {'base': {'sha': 'b'}, 'head': {'sha': 'h'}}},
            },
            ['b', 'h'],
        ),
    ],
)
def test_the_event_says_what_to_scan(
    github: dict[str, Any], expected: list[str], machine: Machine, history: Repository
) -> None:
    machine.install('trufflehog')
    bench = machine.step('trufflesecurity/trufflehog@main', {}, github)
    bench.main()
    called = machine.called(bench)
    assert [called[3], called[5]] == expected


def test_secrets_that_are_found_fail_the_step(machine: Machine, history: Repository) -> None:
    machine.install('trufflehog', 'exit 183')
    bench = machine.step('trufflesecurity/trufflehog@main', {}, {'event_name': 'schedule'})
    with pytest.raises(StepFailed, match='exit code 183'):
        bench.main()


# --- ZAP

ZAP = 'zaproxy/action-full-scan@v0.12.0'
FOUND = 'while [ "$1" != -J ]; do shift; done; echo "{}" > "$2"; '


def test_zap_keeps_its_reports_as_an_artifact(machine: Machine, ground: Ground) -> None:
    machine.install('zap-full-scan.py', f'{FOUND}exit 2')
    inputs = {'target': 'http://shop', 'cmd_options': '-a -j', 'rules_file_name': 'rules.tsv'}
    bench = machine.step(ZAP, inputs, world=ground.world())
    bench.main()
    assert machine.called(bench) == [
        '-t', 'http://shop', '-J', 'report_json.json', '-w', 'report_md.md', '-r',
        'report_html.html', '-a', '-j', '-c', 'rules.tsv',
    ]  # fmt: skip
    (fact,) = bench.facts
    assert isinstance(fact, ArtifactStored)
    assert (fact.name, fact.files) == ('zap_scan', 1)


@pytest.mark.parametrize(
    ('script', 'inputs', 'message'),
    [
        (f'{FOUND}exit 1', {'fail_action': 'true'}, 'as ZAP has identified alerts'),
        (f'{FOUND}exit 3', {}, 'failed to scan the target: exit code 3'),
        ('exit 127', {}, 'failed to scan the target: exit code 127'),
        ('exit 0', {}, 'wrote no report_json.json: nothing was scanned'),
        ('', {'target': ''}, 'Input required and not supplied: target'),
    ],
)
def test_zap_fails_where_it_found_something_or_could_not_look(
    script: str, inputs: dict[str, str], message: str, machine: Machine, ground: Ground
) -> None:
    machine.install('zap-full-scan.py', script)
    bench = machine.step(ZAP, {'target': 'http://x', **inputs}, world=ground.world())
    with pytest.raises(StepFailed) as failed:
        bench.main()
    assert message in str(failed.value)


def test_without_the_tool_its_container_runs(machine: Machine, ground: Ground) -> None:
    engine = docker()
    folder = machine.root / 'image'
    folder.mkdir()
    (folder / 'zap-full-scan.py').write_text('#!/bin/sh\npwd > where; echo "{}" > report_json.json')
    (folder / 'zap-full-scan.py').chmod(0o755)
    (folder / 'Dockerfile').write_text(f'FROM {IMAGE}\nCOPY zap-full-scan.py /usr/bin/\n')
    name = f'liftlock-test/zap:{machine.root.name.lower()}'
    subprocess.run((engine.program, 'build', '--quiet', '--tag', name, folder), check=True)
    search_path(machine.bin, 'docker')
    try:
        inputs = {'target': 'http://x', 'docker_name': name}
        bench = machine.step(ZAP, inputs, world=ground.world())
        bench.main()
    finally:
        subprocess.run((engine.program, 'rmi', '--force', name), check=True, capture_output=True)
    assert (bench.workspace / 'where').read_text() == '/zap/wrk\n'
    assert len(bench.facts) == 1


def test_an_image_that_cannot_be_pulled_is_told_with_its_reason(machine: Machine) -> None:
    docker()
    search_path(machine.bin, 'docker')
    inputs = {'target': 'http://x', 'docker_name': '127.0.0.1:1/zap:none'}
    with pytest.raises(StepFailed) as failed:
        machine.step(ZAP, inputs).main()
    assert 'its container 127.0.0.1:1/zap:none cannot be had' in str(failed.value)


# --- Dependency-Check


def test_dependency_check_is_told_where_to_look_and_write(machine: Machine) -> None:
    machine.install('dependency-check.sh', 'mkdir reports; echo > reports/dependency-check-x.html')
    inputs = {'project': 'shop', 'path': '.', 'format': 'HTML', 'args': '--failOnCVSS 7'}
    bench = machine.step('dependency-check/Dependency-Check_Action@main', inputs)
    search_path(machine.bin, 'mkdir')
    bench.main()
    work = str(bench.workspace)
    assert machine.called(bench) == [
        '--project', 'shop', '--scan', work, '--format', 'HTML', '--out', f'{work}/reports',
        '--noupdate', '--failOnCVSS', '7',
    ]  # fmt: skip
    machine.install('dependency-check.sh')
    empty = machine.step('dependency-check/Dependency-Check_Action@main', {**inputs, 'out': 'no'})
    with pytest.raises(StepFailed, match='nothing was scanned'):
        empty.main()
