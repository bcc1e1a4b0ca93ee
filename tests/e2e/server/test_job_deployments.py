"""Jobs that deploy by their own commands, carried out by a server."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from serving import Project, Server, Site

WORKFLOW = """
on: push
jobs:
  deploy:
    runs-on: ubuntu-latest
    environment: production
    steps: [{uses: actions/checkout@v4}, {run: cat version}]
"""
SETTINGS = """
environments:
  production:
    tests: [smoke]
    analysis: {{smoke: {{command: 'test ! -e {directory}/bad-$(cat version)'}}}}
    rollback: {{on: [unhealthy], watch: 0s}}
"""
Eventually = Callable[[Callable[[], object]], None]


@pytest.fixture
def delivered(tmp_path: Path) -> Iterator[Site]:
    """A server over a project of which two versions were deployed by their jobs."""
    project = Project(tmp_path)
    project.write('.github/workflows/ci.yml', WORKFLOW)
    project.write('liftlock.yml', SETTINGS.format(directory=tmp_path))
    for version in ('one', 'two'):
        project.write('version', version)
        project.git('add', '--all')
        project.git('commit', '--quiet', '--message', version)
        told = project.liftlock('run')
        assert 'succeeded' in told, told
    server = Server(project)
    try:
        yield Site(server, server.read(3).rpartition(' ')[2].strip(), '')
    finally:
        server.end()
        project.liftlock('supervise', '--stop')


def test_what_a_run_of_the_server_has_deployed_badly_is_taken_back(
    delivered: Site, tmp_path: Path, eventually: Eventually
) -> None:
    def deployments() -> list[tuple[str, str, int]]:
        told = delivered.api('GET', '/deployments').json
        rows = told['deployments'] if isinstance(told, dict) else told
        return [(row['version'], row['conclusion'], row['run']) for row in rows]

    def conclusion(run: int) -> str:
        return str(delivered.api('GET', f'/runs/{run}').json['conclusion'])

    first, second = (version for version, _, _ in sorted(deployments(), key=lambda row: row[2]))
    (tmp_path / 'bad-two').touch()
    delivered.api('POST', '/runs/2/rerun', {})
    eventually(lambda: len(deployments()) == 4 and all(row[1] for row in deployments()))
    ends = [(version, conclusion) for version, conclusion, _ in reversed(deployments())]
    assert ends == [
        (first, 'success'),
        (second, 'success'),
        (second, 'failure'),
        (first, 'success'),
    ]
    eventually(lambda: conclusion(1) == 'success')
    assert conclusion(2) == 'failure'
