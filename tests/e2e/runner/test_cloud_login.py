"""A job becomes somebody at AWS by a token of the issuer that really runs for it."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from e2e.actions.cloud import ACCOUNT, Cloud, open_cloud
from fakes import play
from liftlock.language.workflow import Permissions
from liftlock.plan.event import push
from liftlock.store import runs
from liftlock.store.database import open_store
from liftlock.store.shelves import StoreShelves
from liftlock.toolkit.services import RunServices, Services
from story import REPOSITORY

MINE = {'permissions': Permissions(scopes=(('id-token', 'write'),))}
STEPS = """
- id: aws
  uses: aws-actions/configure-aws-credentials@v4
  env: {AWS_ENDPOINT_URL: %s, AWS_EC2_METADATA_DISABLED: 'true'}
  with: {aws-region: eu-central-1, role-to-assume: 'arn:aws:iam::%s:role/deploy'}
- run: echo ${{ steps.aws.outputs.aws-account-id }} $AWS_REGION $AWS_SECRET_ACCESS_KEY
"""


@pytest.fixture(scope='module')
def cloud() -> Iterator[Cloud]:
    with open_cloud() as running:
        yield running


@pytest.fixture
def world(tmp_path: Path) -> Iterator[dict[str, Any]]:
    store = open_store(tmp_path / 'state')
    draft = runs.Draft('octo/demo', 'ci.yml', 'CI', 'x', 'push', 'refs/heads/main', '1', 'mona')
    run, _ = runs.submit(store, draft, 'nobody', lambda run, number: f'{run}')
    services = Services(partial(StoreShelves, tmp_path / 'state'), tmp_path / 'state' / 'oidc')
    yield {'services': lambda: RunServices(services, run, push(REPOSITORY))}
    services.close()
    store.close()


def test_a_token_is_traded_for_keys_that_nobody_sees(
    cloud: Cloud, tmp_path: Path, world: dict[str, Any]
) -> None:
    played = play(STEPS % (cloud.url, ACCOUNT), tmp_path, world=world, plan=MINE)
    assert played.finished.conclusion == 'success', played.lines
    assert played.printed(2) == [f'{ACCOUNT} eu-central-1 ***']


def test_a_job_without_the_permission_gets_none(
    cloud: Cloud, tmp_path: Path, world: dict[str, Any]
) -> None:
    played = play(STEPS % (cloud.url, ACCOUNT), tmp_path, world=world)
    assert played.finished.conclusion == 'failure'
    assert 'Credentials could not be loaded' in played.annotations[0].message
