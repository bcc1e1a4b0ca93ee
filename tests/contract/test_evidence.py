"""Which runs count as evidence for a commit."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from contract.test_gated_jobs import keep
from contract.test_job_deployments import Driver, made
from liftlock.engine import evidence
from liftlock.gates.verdict import Outcome
from liftlock.language.settings.model import Coverage, Gates
from liftlock.store import runs
from pretend import jobs

GATES = Gates(coverage=Coverage(75))


@pytest.fixture
def driver(tmp_path: Path) -> Iterator[Driver]:
    driver = Driver(tmp_path / 'state')
    yield driver
    driver.store.close()


def outcome(driver: Driver, run: int) -> Outcome:
    found = runs.find(driver.store, str(run))
    (verdict,) = evidence.judged(driver.store, GATES, found, 0.0)
    return verdict.outcome


def submit(driver: Driver, name: str, ref: str = 'refs/heads/main', event: str = 'push') -> int:
    plain = made(jobs(a='ok'), '', event={'ref': ref, 'name': event})
    path = f'.github/workflows/{name}.yml'
    files = {path: jobs(a='ok')}
    return driver.engine.submit(
        plain._replace(request=plain.request._replace(workflow=path, files=files))
    )


def test_other_workflows_of_the_commit_count_and_pull_requests_do_not(driver: Driver) -> None:
    deploys = submit(driver, 'release', 'refs/tags/v1')
    pull = submit(driver, 'tests', 'refs/pull/7/merge', 'pull_request')
    asyncio.run(keep(driver, pull, 4, 0))
    assert outcome(driver, deploys) is Outcome.UNDECIDED
    branch = submit(driver, 'tests')
    asyncio.run(keep(driver, branch, 4, 0))
    assert outcome(driver, deploys) is Outcome.PASS


def test_of_a_workflow_that_ran_twice_the_newest_counts(driver: Driver) -> None:
    deploys, first, second = (submit(driver, name) for name in ('release', 'tests', 'tests'))
    asyncio.run(keep(driver, first, 4, 0))
    asyncio.run(keep(driver, second, 1, 3))
    assert outcome(driver, deploys) is Outcome.FAIL
