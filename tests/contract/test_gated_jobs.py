"""Jobs that deploy are let through once the gates of their run have passed, and not before."""

import asyncio
import json
from pathlib import Path

import pytest

from contract.test_job_deployments import APPROVED, Driver, deploying, waiting
from liftlock.engine.delivery import approvals
from liftlock.store.artifacts import RunArtifacts

GATED = 'gates: {coverage: {minimum: 75}}'
REASON = 'production: the gate "coverage" could not be evaluated: there is no report of coverage'

BANDIT = {
    'errors': [],
    'metrics': {'_totals': {'loc': 9}},
    'results': [{'test_id': 'B602', 'issue_severity': 'HIGH', 'filename': 'a.py'}],
}


@pytest.fixture
def driver(tmp_path: Path) -> Driver:
    return Driver(tmp_path / 'state')


async def keep(driver: Driver, run: int, covered: int, missed: int) -> None:
    """As a job of the run would with actions/upload-artifact."""
    lines = list(range(1, covered + missed + 1))
    file = {'executed_lines': lines[:covered], 'missing_lines': lines[covered:]}
    await hand_in(driver, run, 'coverage', {'meta': {}, 'files': {'a.py': file}, 'totals': {}})


async def hand_in(driver: Driver, run: int, name: str, report: object) -> None:
    path = driver.store.directory / f'{name}.json'
    path.write_text(json.dumps(report))
    await RunArtifacts(driver.store, run).store(
        name,
        [(path.name, path)],
        merge=False,
        overwrite=False,
        retention_days=0,
        compression=6,
    )


def carried_out(driver: Driver, covered: int, missed: int) -> str:
    async def scene() -> str:
        task = await waiting(driver, run)
        assert driver.runner.ran['deploy'] == 0
        await keep(driver, run, covered, missed)
        return await task

    run = driver.submit(deploying(), GATED)
    return asyncio.run(scene())


def test_a_job_waits_for_a_report_and_starts_when_its_gate_has_passed(driver: Driver) -> None:
    assert carried_out(driver, 3, 1) == 'success'
    assert driver.reasons() == [REASON]
    assert [row.conclusion for row in driver.rows()] == ['success']


def test_a_job_whose_gate_has_failed_is_refused_and_deploys_nothing(driver: Driver) -> None:
    assert carried_out(driver, 2, 2) == 'failure'
    assert driver.runner.ran['deploy'] == 0
    assert driver.message() == 'production: the gate "coverage" failed: lines 50% (at least 75%)'
    assert [row.conclusion for row in driver.rows()] == ['rejected']


def test_what_a_gate_asks_an_approval_for_waits_for_a_reviewer(driver: Driver) -> None:
    async def scene() -> str:
        await hand_in(driver, run, 'bandit', BANDIT)
        task = await waiting(driver, run)
        approvals.approve(driver.wanted(), 'bob', 'known')
        return await task

    settings = f'gates: {{code: {{high: approval}}}}\n{APPROVED}'
    run = driver.submit(deploying(), settings)
    assert asyncio.run(scene()) == 'success'
    assert driver.reasons() == [
        'production: waits for an approval of ops; the gate "code" asks for an approval: 1 high of'
        ' bandit, 1 of them to be approved (liftlock approve production)'
    ]


def test_a_bypass_lets_through_what_could_not_be_evaluated(driver: Driver) -> None:
    async def scene() -> str:
        task = await waiting(driver, run)
        approvals.bypass(driver.wanted(), 'alice', 'the shop is down')
        return await task

    run = driver.submit(deploying(), GATED)
    assert asyncio.run(scene()) == 'success'


def test_a_gate_without_any_environment_in_the_file_holds_jobs_all_the_same(
    driver: Driver,
) -> None:
    async def scene() -> None:
        task = await waiting(driver, run)
        task.cancel()
        await asyncio.wait([task])

    run = driver.submit(deploying(environment='anywhere'), GATED)
    asyncio.run(scene())
    assert driver.reasons() == [REASON.replace('production', 'anywhere')]
