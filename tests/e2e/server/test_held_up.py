"""Whoever asks is answered while the database is away, and as ever when it is back."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import postgres
from crash.faults import frozen, members
from serving import Project, Server, Site


@pytest.fixture
def cluster() -> Iterator[postgres.Cluster]:
    with postgres.cluster() as made:
        yield made


@pytest.fixture
def site(tmp_path: Path, cluster: postgres.Cluster) -> Iterator[Site]:
    project = Project(tmp_path)
    project.homes['LIFTLOCK_DATABASE'] = cluster.database()
    server = Server(project, '--no-worker')
    try:
        yield Site(server, server.read(3).rpartition(' ')[2].strip(), '')
    finally:
        server.end()


def test_a_database_that_is_frozen_holds_up_all_but_who_asks_how_it_stands(
    site: Site, cluster: postgres.Cluster
) -> None:
    server, known = site.server, {'authorization': f'Bearer {site.token}'}
    assert server.ask('GET', '/runs', headers=known).status == 200
    with frozen(*members(cluster)):
        page = server.ask('GET', '/runs', headers={**known, 'accept': 'text/html'})
        assert (page.status, page.headers['retry-after']) == (503, '5')
        assert 'held up' in page.text
        assert server.ask('GET', '/health').status == 200
        overall = server.ask('GET', '/health/overall')
        assert overall.status == 503
        assert overall.json['parts'] == {'database': {'state': 'down'}}
        assert server.ask('GET', '/health/ready').json == {'status': 'held up'}
    assert server.ask('GET', '/runs', headers=known).status == 200
    assert server.ask('GET', '/health/overall').status == 200


def test_a_database_that_is_gone_is_no_bug_of_ours(site: Site, cluster: postgres.Cluster) -> None:
    server, known = site.server, {'authorization': f'Bearer {site.token}'}
    cluster.stop('immediate')
    asked = server.ask('GET', '/api/v1/runs', headers=known)
    assert (asked.status, 'held up' in asked.json['error']) == (503, True)
    cluster.start()
    assert server.ask('GET', '/health/database').status == 200
    assert server.ask('GET', '/runs', headers=known).status == 200
    server.end()
    assert 'Traceback' not in server.rest
