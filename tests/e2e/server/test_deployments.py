"""Deployments that people approve, promote and take back from pages and by REST."""

from collections.abc import Callable
from typing import Any

from serving import Person, Project, Site

Eventually = Callable[[Callable[[], object]], None]


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
    vi = delivered.token_of('vi', 'developer')
    admin, reviewer, developer = (Person(server, token) for token in (delivered.token, mona, vi))

    def there() -> Any:
        return delivered.api('GET', '/environments/1').json

    deploy(project, 'one')
    eventually(lambda: 'waits for an approval of mona' in admin.get('/').text)
    page = admin.get('/environments/1').text
    assert 'is not asked about deployments to production' in page
    assert delivered.api('POST', '/environments/1/approve', {}).status == 409

    assert 'Approve' in reviewer.get('/environments/1').text
    reviewer.act('/environments/1', '/environments/1/approve', number='1', comment='good')
    eventually(lambda: there()['state'] == 'healthy')

    deploy(project, 'two')
    eventually(lambda: 'Runs there now' in reviewer.get('/environments/1').text)
    assert 'nothing has been deployed there before' not in reviewer.get('/environments/1').text
    approved = delivered.api('POST', '/environments/1/approve', {'number': 2}, mona)
    said = {'judgement': 'allowed', 'reason': ''}
    assert approved.json == {'environment': 1, 'number': 2, **said}
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

    eventually(lambda: 'Take production down' in reviewer.get('/environments/1').text)
    assert 'Take production down' not in developer.get('/environments/1').text
    assert delivered.api('POST', '/environments/1/down', {}, vi).status == 403
    reviewer.act('/environments/1', '/environments/1/down', reason='sold out')
    eventually(lambda: there()['state'] == 'down')
    assert 'Take production down' not in reviewer.get('/environments/1').text
    audit = admin.get('/audit').text
    for told in (
        'deployment approved',
        'deployment promoted',
        'rolled back',
        'good',
        'taken down',
        'sold out',
    ):
        assert told in audit, told
