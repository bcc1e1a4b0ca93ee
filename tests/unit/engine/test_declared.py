import pytest

from liftlock.engine import declared
from liftlock.errors import UserError


def test_a_file_without_a_word_for_runs_is_not_read() -> None:
    assert declared.read({}) is None
    assert declared.read({'liftlock.yml': 'app: shop'}) is None
    assert declared.read({'liftlock.yml': 'no: [yaml'}) is None


def test_what_counts_for_a_run_is_read() -> None:
    found = declared.read({'liftlock.yml': 'retention: {logs: 7d}'})
    assert found is not None
    assert (found.retention.logs, found.retention.artifacts) == (7 * 86400, None)


def test_a_file_with_mistakes_is_refused_because_they_may_have_been_limits() -> None:
    with pytest.raises(UserError, match=r'liftlock.yml:1:19: error: a size is expected'):
        declared.read({'liftlock.yml': 'sandbox: {memory: 4}'})


TARGET = 'environments: {Production: {target: {process: {command: serve}}}, staging: {}}'


def test_a_file_is_not_read_for_runs_that_deploy_nothing() -> None:
    assert declared.deliveries({'liftlock.yml': 'environments: [no: yaml'}, []) == ''
    assert declared.deliveries({'liftlock.yml': 'no: [yaml'}, ['production']) == ''
    assert declared.deploys({'liftlock.yml': 'no: [yaml'}) == {}
    assert declared.deploys({}) == {}


def test_the_text_is_kept_where_jobs_deploy_or_may() -> None:
    for named in (['staging'], [''], ['unknown']):
        assert declared.deliveries({'liftlock.yml': TARGET}, named) == TARGET


def test_a_job_for_an_environment_with_a_target_is_refused() -> None:
    with pytest.raises(UserError, match='Liftlock itself deploys to "Production"'):
        declared.deliveries({'liftlock.yml': TARGET}, ['', 'PRODUCTION'])


def test_jobs_are_bound_to_environments() -> None:
    text = 'environments: {pages: {}}\ndeploys: {docs: pages}'
    assert declared.deploys({'liftlock.yml': text}) == {'docs': 'pages'}
