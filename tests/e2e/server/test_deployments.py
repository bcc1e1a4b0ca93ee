"""Deployments that people approve, promote and take back from pages and by REST."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from containers import lack
from liftlock.rollout.trouble import Trouble
from liftlock.targets.envoy import process
from serving import Person, Project, Server, Site

SETTINGS = """
environments:
  production:
    protection: {reviewers: [mona], required: 1}
    target: {process: {command: "python3 -m http.server $PORT", instances: 1}}
    strategy: {canary: {steps: [{setWeight: 25}, {pause: {}}]}}
    health_checks: [{endpoint: /, interval: 1s, healthy_threshold: 1}]
"""
Eventually = Callable[[Callable[[], object]], None]


@pytest.fixture
def delivered(tmp_path: Path) -> Iterator[Site]:
    """A server beside an environment that nothing is deployed to."""
    try:
        process.program()
    except Trouble as trouble:
        lack(f'{trouble}. To run this: {trouble.hint}')
    project = Project(tmp_path)
    project.write('liftlock.yml', SETTINGS)
    project.write('.github/workflows/ci.yml', GREEN)
    server = Server(project)
    try:
        token = server.read(3).rpartition(' ')[2].strip()
        yield Site(server, token, '')
    finally:
        server.end()
        project.liftlock('down', 'production')
        project.liftlock('supervise', '--stop')


GREEN = 'on: push\njobs: {test: {runs-on: ubuntu-latest, steps: [{run: "true"}]}}\n'


def deploy(project: Project, text: str) -> None:
    project.write('index.html', text)
    project.git('add', '--all')
    project.git('commit', '--quiet', '--message', text)
    project.liftlock('run')
    project.liftlock('deploy', 'production', '--no-follow')


def test_a_canary_from_its_approval_to_the_way_back(
    delivered: Site, eventually: Eventually
) -> None:
    project, server = delivered.server.project, delivered.server
    mona = delivered.token_of('mona', 'maintainer')
    admin, reviewer = Person(server, delivered.token), Person(server, mona)

    def there() -> Any:
        return delivered.api('GET', '/environments/1').json

    deploy(project, 'one')
    assert 'waits for an approval of mona' in admin.get('/').text
    page = admin.get('/environments/1').text
    assert 'is not asked about deployments to production' in page
    assert delivered.api('POST', '/environments/1/approve', {}).status == 422

    assert 'Approve' in reviewer.get('/environments/1').text
    reviewer.act('/environments/1', '/environments/1/approve', number='1', comment='good')
    eventually(lambda: there()['state'] == 'healthy')

    deploy(project, 'two')
    changed = reviewer.get('/environments/1').text
    assert 'Before:' in changed
    approved = delivered.api('POST', '/environments/1/approve', {'number': 2}, mona)
    assert approved.json == {'environment': 1, 'number': 2}
    eventually(lambda: there()['state'] == 'paused')
    page = reviewer.get('/environments/1').text
    for told in ('25 percent', 'setWeight 25', 'until somebody promotes', 'Promote', 'r2-1'):
        assert told in page, told
    reviewer.act('/environments/1', '/environments/1/promote')
    eventually(lambda: there()['deployment'] == 2)

    assert 'Roll back to this' in reviewer.get('/environments/1').text
    reviewer.act('/environments/1', '/environments/1/rollback', to='#1')
    eventually(lambda: there()['deployment'] == 3)
    assert delivered.api('GET', '/deployments').json['deployments'][0]['rollback'] is True
    audit = admin.get('/audit').text
    for told in ('deployment approved', 'deployment promoted', 'rolled back', 'good'):
        assert told in audit, told
