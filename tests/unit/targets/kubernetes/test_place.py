import json
from pathlib import Path

import pytest

from liftlock.language.settings.model import Helm, Kubernetes
from liftlock.rollout.trouble import Trouble
from liftlock.rollout.version import Revision, Version
from liftlock.targets.kubernetes import inventory, names, options, place, sources
from liftlock.targets.kubernetes.client import Answer, Client, trouble
from liftlock.targets.kubernetes.coloured import address
from liftlock.targets.kubernetes.commands import Cluster
from liftlock.targets.kubernetes.inventory import Inventory, Reference
from liftlock.targets.kubernetes.options import Options
from liftlock.targets.kubernetes.place import Place

IMAGE = 'ghcr.io/me/shop:1@sha256:' + 'a' * 64


async def lay(version: Version, directory: Path) -> None:
    raise AssertionError('nothing is laid here')


def somewhere(helm: Helm) -> Place:
    return Place(Kubernetes(helm=helm), Client(Cluster()), 'live', Path('state'), lay, Options())


def values(helm: Helm, revision: Revision) -> object:
    return sources.values(helm, somewhere(helm), revision)


# --- names


@pytest.mark.parametrize(
    ('text', 'label', 'name'),
    [
        ('Shop production', 'Shop-production', 'shop-production'),
        ('a/b_c', 'a-b_c', 'a-b-c'),
        ('é', 'x', 'x'),
        ('a' * 70, 'a' * 63, 'a' * 63),
    ],
)
def test_names_are_ones_that_kubernetes_takes(text: str, label: str, name: str) -> None:
    assert (names.label(text), names.object_name(text)) == (label, name)


def test_a_long_name_is_cut_but_never_its_revision() -> None:
    assert names.of_revision('shop', 'r12') == 'shop-r12'
    assert names.of_revision('s' * 62, 'r12') == 's' * 59 + '-r12'


# --- charts


def test_a_chart_gets_the_image_by_its_digest_and_the_secret_by_its_name() -> None:
    revision = Revision('r12', Version('v1', image=IMAGE), {'A': '1'}, ())
    assert values(Helm('charts/shop'), revision) == {
        'liftlock': {'revision': 'r12', 'environment': 'live', 'secret': 'shop-r12'},
        'image': {'repository': 'ghcr.io/me/shop', 'tag': '1@sha256:' + 'a' * 64},
    }


def test_values_that_are_set_lie_where_their_names_say() -> None:
    helm = Helm(
        'charts/shop',
        set={
            'web.image': '${{ version.image }}',
            'web.replicas': '3',
            'web.debug': 'false',
            'annotations.example\\.com/owner': 'me',
            'token': '${{ secrets.TOKEN }}-${{ vars.A }}',
            'memory': '512Mi',
        },
    )
    revision = Revision('r12', Version('v1', image=IMAGE), {'A': '1', 'TOKEN': 'x'}, ('TOKEN',))
    found = values(helm, revision)
    assert isinstance(found, dict)
    assert {key: value for key, value in found.items() if key != 'liftlock'} == {
        'web': {'image': IMAGE, 'replicas': 3, 'debug': False},
        'annotations': {'example.com/owner': 'me'},
        'token': 'x-1',
        'memory': '512Mi',
    }


def test_values_that_cannot_be_are_told() -> None:
    revision = Revision('r1', Version('v1'))
    with pytest.raises(Trouble, match=r'a\.b lies below a value'):
        values(Helm('c', set={'a': '1', 'a.b': '2'}), revision)
    with pytest.raises(Trouble, match='github'):
        values(Helm('c', set={'a': '${{ github.sha }}'}), revision)


# --- options, inventory


def test_options_are_argos() -> None:
    words = ('CreateNamespace=true', 'PruneLast=true', 'PrunePropagationPolicy=foreground',
             'ServerSideApply=true', 'Validate=false')  # fmt: skip
    found = options.read(words)
    assert found == Options(True, 'foreground', True, False)
    assert ' '.join(found.apply) == (
        '--server-side --force-conflicts --field-manager=liftlock --validate=false'
    )
    assert options.read(()) == Options()
    for word in ('Replace=true', 'PrunePropagationPolicy=never'):
        with pytest.raises(Trouble, match=f'the sync option {word} is not supported'):
            options.read((word,))


def test_what_there_was_is_not_forgotten_before_it_is_gone() -> None:
    old, kept, new = (Reference('Service', name, 'shop') for name in ('old', 'kept', 'new'))
    before = Inventory('r1', (old, kept), (Reference('Service', 'older', 'shop'),))
    planned = inventory.planned(before, 'r2', (kept, new))
    assert planned.objects == (kept, new)
    assert {one.name for one in planned.stale} == {'old', 'older'}
    again = inventory.planned(planned, 'r3', (old, kept, new))
    assert [one.name for one in again.stale] == ['older']
    doc = inventory.render(planned, 'live', 'shop')
    assert doc['metadata']['name'] == 'liftlock-live'
    assert inventory.parse(doc) == planned
    assert inventory.parse(None) == Inventory()


def test_objects_are_named_with_group_and_version() -> None:
    doc = {'apiVersion': 'apps/v1', 'kind': 'Deployment', 'metadata': {'name': 'shop'}}
    assert inventory.reference(doc, 'live').word == 'Deployment.v1.apps/shop'
    doc = {'apiVersion': 'v1', 'kind': 'Service', 'metadata': {'name': 'a', 'namespace': 'b'}}
    assert inventory.reference(doc, 'live') == Reference('Service', 'a', 'b')


# --- the rest


def test_old_secrets_go_but_never_the_one_in_use() -> None:
    secrets = [{'metadata': {'name': f'shop-r{number}'}} for number in range(1, 15)]
    stranger = {'metadata': {'name': 'shop'}}
    assert place.surplus([stranger, *secrets], 'shop-r14') == [
        f'shop-r{number}' for number in range(1, 5)
    ]
    assert 'shop-r1' not in place.surplus(secrets, 'shop-r1')


def test_lines_of_logs_are_led_by_their_pod() -> None:
    assert place.log_line('[pod/shop-1/web] hello] you') == 'shop-1 hello] you'
    assert place.log_line('unprefixed') == 'unprefixed'


def test_addresses_are_those_that_can_be_reached() -> None:
    service = {
        'metadata': {'name': 'shop', 'namespace': 'live'},
        'spec': {'ports': [{'port': 8080}]},
    }
    balanced = {**service, 'status': {'loadBalancer': {'ingress': [{'ip': '192.0.2.1'}]}}}
    assert address(None, inside=True) == ''
    assert address(service, inside=False) == ''
    assert address(service, inside=True) == 'http://shop.live.svc:8080'
    assert address(balanced, inside=False) == 'http://192.0.2.1:8080'


@pytest.mark.parametrize(
    ('said', 'message', 'hint', 'again'),
    [
        ('Unable to connect to the server: dial tcp 192.0.2.1:6443: i/o timeout',
         'Unable to connect to the server: dial tcp 192.0.2.1:6443: i/o timeout',
         'cluster-info', True),
        ('E1130 20:23:37 memcache.go: noise\nerror: You must be logged in to the server',
         'You must be logged in to the server', 'log in again', False),
        ('Error from server (NotFound): namespaces "shop" not found',
         'namespaces "shop" not found', 'CreateNamespace', False),
        ('Error from server (Conflict): Operation cannot be fulfilled on deployments.apps "shop"',
         'Operation cannot be fulfilled', 'tried again', True),
        ('error: the server doesn\'t have a resource type "virtualservices"',
         'the server doesn', 'CRD', False),
        ('error: no idea', 'no idea', 'the command was: kubectl get pods', False),
    ],
)  # fmt: skip
def test_what_kubectl_says_means_something_to_a_person(
    said: str, message: str, hint: str, again: bool
) -> None:
    found = trouble(('kubectl', 'get', 'pods'), Answer(1, '', said))
    assert str(found).startswith(f'kubectl: {message}')
    assert hint in found.hint
    assert found.again is again
    assert json.dumps(str(found)), 'one line'
