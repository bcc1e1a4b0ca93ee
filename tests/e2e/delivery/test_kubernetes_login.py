"""Each environment may have a kubeconfig of its own, which its application never gets."""

import asyncio
from pathlib import Path

import pytest

from e2e.delivery.clusters import DEPLOYMENT, cluster, revision
from liftlock.engine.delivery import variables
from liftlock.engine.delivery.blueprint import Blueprint
from liftlock.language.settings.model import Direct, Kubernetes
from liftlock.rollout.trouble import Trouble
from liftlock.rollout.version import Version
from liftlock.targets.kubernetes.target import make

SETTINGS = """
environments:
  production:
    target: {kubernetes: {manifests: [k8s]}}
"""


async def lay(version: Version, place: Path) -> None:
    (place / 'k8s').mkdir(parents=True)
    (place / 'k8s' / 'shop.yaml').write_text(DEPLOYMENT)


def test_kubectl_asks_where_the_kubeconfig_leads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with cluster(tmp_path, monkeypatch) as made:
        text = made.kubeconfig(tmp_path / 'other').read_text()
        monkeypatch.setenv('KUBECONFIG', str(tmp_path / 'nowhere'))
        for number, kubeconfig in enumerate((text, str(tmp_path / 'other')), 1):
            place = make(
                Kubernetes(manifests=('k8s',), container='app'), Direct(), name='shop',
                directory=tmp_path / 'state', lay=lay, kubeconfig=kubeconfig,
            )  # fmt: skip
            asyncio.run(place.prepare(revision(number)))
            asyncio.run(place.apply(revision(number), back=False))
        assert (tmp_path / 'state' / 'kubeconfig').stat().st_mode & 0o777 == 0o600
        bare = make(
            Kubernetes(manifests=('k8s',), container='app'), Direct(), name='shop',
            directory=tmp_path / 'state', lay=lay,
        )  # fmt: skip
        with pytest.raises(Trouble):
            asyncio.run(bare.prepare(revision(3)))


@pytest.mark.parametrize(
    ('more', 'secrets'),
    [
        ('secrets: [KUBECONFIG, TOKEN]', {'KUBECONFIG': 'apiVersion: v1', 'TOKEN': 'x'}),
        ("env: {KUBECONFIG: '${{ secrets.K }}'}\n    secrets: [TOKEN]",
         {'K': 'apiVersion: v1', 'TOKEN': 'x'}),
    ],
)  # fmt: skip
def test_the_application_never_gets_it(more: str, secrets: dict[str, str]) -> None:
    blueprint = Blueprint('acme/shop', 'production', f'{SETTINGS}    {more}\n')
    assert variables.kubeconfig(blueprint, secrets) == 'apiVersion: v1'
    known = variables.revision('r1', Version('v1'), blueprint, secrets)
    assert (known.env, known.secrets) == ({'TOKEN': 'x'}, ('TOKEN',))


def test_without_one_it_is_that_of_whoever_stays() -> None:
    blueprint = Blueprint('acme/shop', 'production', SETTINGS)
    assert variables.kubeconfig(blueprint, {'KUBECONFIG': 'of another environment'}) == ''
