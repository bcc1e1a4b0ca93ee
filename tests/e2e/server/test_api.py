"""REST tells what the command line tells, and does what the pages do."""

import json

import pytest

from serving import Site


def test_runs_are_told_as_the_command_line_tells_them(site: Site) -> None:
    told = json.loads(site.server.project.liftlock('runs', '--json'))
    assert site.api('GET', '/runs').json == {'runs': told, 'next': None}
    whole = json.loads(site.server.project.liftlock('show', '1', '--json'))
    for report in whole['reports']:
        del report['file']
    assert site.api('GET', '/runs/1').json == whole


def test_environments_and_deployments_are_lists(site: Site) -> None:
    assert site.api('GET', '/environments').json == {'environments': []}
    assert site.api('GET', '/deployments').json == {'deployments': [], 'next': None}


@pytest.mark.parametrize(
    ('how', 'path', 'body', 'status'),
    [
        ('GET', '/runs/77', None, 404),
        ('GET', '/runs?limit=x', None, 422),
        ('GET', '/environments/7', None, 404),
        ('GET', '/runs?limt=5', None, 422),
        ('GET', '/runs?cursor=x', None, 400),
        ('GET', '/nothing', None, 404),
        ('POST', '/runs/1/cancel', {}, 409),
        ('POST', '/runs/77/cancel', {}, 404),
        ('POST', '/runs/1/rerun', {'failed': True, 'job': 'test'}, 422),
        ('POST', '/runs/1/rerun', {'job': 'nobody'}, 409),
        ('POST', '/runs/1/rerun', [], 422),
        ('POST', '/environments/7/approve', {}, 404),
        ('DELETE', '/runs/1', None, 405),
    ],
)
def test_what_cannot_be_done_is_told_as_json(
    site: Site, how: str, path: str, body: object, status: int
) -> None:
    answer = site.api(how, path, body)
    assert answer.status == status, answer.text
    assert answer.json['error']


def test_metrics_are_those_of_the_store(site: Site) -> None:
    headers = {'authorization': f'Bearer {site.token}'}
    text = site.server.ask('GET', '/metrics', None, headers).text
    assert 'liftlock_runs{status="completed",conclusion="failure"} 1' in text
