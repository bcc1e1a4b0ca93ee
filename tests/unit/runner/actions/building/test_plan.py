"""What each builder is told, and what is left out or refused."""

from typing import Any

import pytest

from liftlock.runner.actions.building import Builder, Files, Plan, Secret, Wanted, plan
from liftlock.runner.workbench import StepFailed

FILES = Files('ID', 'META')
OWN = 'linux/amd64'
BUILDERS = ('buildx', 'buildkit', 'classic', 'podman')


@pytest.fixture(autouse=True)
def no_emulator(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr('liftlock.runner.actions.platforms.emulated', lambda: ['linux/arm64'])


def make(kind: str, *, capable: bool = False, **wanted: Any) -> Plan:
    return plan(Builder(kind, OWN, capable), Wanted('.', **wanted), FILES)


def values(made: Plan, option: str) -> list[str]:
    words = list(made.words)
    return [words[place + 1] for place, word in enumerate(words) if word == option]


@pytest.mark.parametrize('kind', BUILDERS)
def test_what_all_of_them_are_told(kind: str) -> None:
    made = make(
        kind,
        file='docker/Dockerfile',
        target='app',
        tags=['a:1', 'b'],
        labels=['x=y, z'],
        build_args=['A=1', 'B'],
        add_hosts=['db:10.0.0.1'],
        network='host',
        no_cache=True,
        pull=True,
        shm_size='2g',
        ulimit=['nofile=1:2'],
        cgroup_parent='/x',
    )
    assert values(made, '--file') == ['docker/Dockerfile']
    assert values(made, '--target') == ['app']
    assert values(made, '--tag') == ['a:1', 'b']
    assert values(made, '--label') == ['x=y, z']
    assert values(made, '--build-arg') == ['A=1', 'B']
    assert values(made, '--add-host') == ['db:10.0.0.1']
    assert values(made, '--network') == ['host']
    assert values(made, '--shm-size') == ['2g']
    assert values(made, '--ulimit') == ['nofile=1:2']
    assert values(made, '--cgroup-parent') == ['/x']
    assert values(made, '--iidfile') == ['ID']
    assert {'--no-cache', '--pull'} <= set(made.words)
    assert made.words[-1] == '.'
    assert not made.notes
    assert not made.pushes


def test_buildx_pushes_itself_and_the_others_afterwards() -> None:
    by_plugin = make('buildx', tags=['a', 'b'], push=True, load=True)
    assert {'--push', '--load'} <= set(by_plugin.words)
    assert not by_plugin.pushes
    for kind in BUILDERS[1:]:
        made = make(kind, tags=['a', 'b'], push=True, load=True)
        assert made.pushes == ('a', 'b')
        assert not {'--push', '--load'} & set(made.words)


@pytest.mark.parametrize('kind', BUILDERS)
def test_a_push_without_a_tag_fails(kind: str) -> None:
    with pytest.raises(StepFailed, match='tag is needed when pushing to registry'):
        make(kind, push=True)


@pytest.mark.parametrize('kind', BUILDERS[1:])
def test_an_output_may_name_tags_and_have_them_pushed(kind: str) -> None:
    made = make(kind, tags=['c'], outputs=['type=image,"name=a,b",push=true'])
    assert values(made, '--tag') == ['c', 'a', 'b']
    assert made.pushes == ('c', 'a', 'b')
    kept = make(kind, tags=['c'], outputs=['type=docker'])
    assert not kept.pushes


@pytest.mark.parametrize('kind', ['buildx', 'buildkit', 'podman'])
def test_files_may_come_out(kind: str) -> None:
    made = make(kind, outputs=['type=local,dest=out'])
    assert values(made, '--output') == ['type=local,dest=out']
    if kind != 'podman':
        assert '--iidfile' not in made.words


@pytest.mark.parametrize('kind', ['buildx', 'buildkit', 'podman'])
def test_secrets_and_agents_are_handed_over(kind: str) -> None:
    secrets = [Secret('a', 'src=/x'), Secret('b', 'env=B')]
    made = make(kind, secrets=secrets, ssh=['default'])
    assert values(made, '--secret') == ['id=a,src=/x', 'id=b,env=B']
    assert values(made, '--ssh') == ['default']


@pytest.mark.parametrize(
    ('kind', 'wanted', 'message'),
    [
        ('classic', {'secrets': [Secret('a', 'src=b')]}, "`secrets` needs Docker's buildx plugin"),
        ('classic', {'ssh': ['default']}, '`ssh` needs'),
        ('classic', {'outputs': ['out']}, '`outputs: out` needs'),
        ('classic', {'build_contexts': ['a=b']}, '`build-contexts` needs'),
        ('buildkit', {'build_contexts': ['a=b']}, '`build-contexts` needs'),
        ('buildkit', {'call': 'check'}, '`call` needs'),
        ('podman', {'allow': ['network.host']}, '`allow` needs Docker with its buildx plugin'),
    ],
)
def test_what_would_change_the_image_is_refused(
    kind: str, wanted: dict[str, Any], message: str
) -> None:
    with pytest.raises(StepFailed, match=message):
        make(kind, **wanted)


@pytest.mark.parametrize('kind', BUILDERS)
def test_githubs_cache_is_left_out_and_said_so_once(kind: str) -> None:
    made = make(kind, cache_from=['type=gha'], cache_to=['type=gha,mode=max'])
    assert not {'--cache-from', '--cache-to'} & set(made.words)
    assert len([note for note in made.notes if 'type=gha is left out' in note]) == 1


def test_caches_that_can_be_read_are() -> None:
    caches = ['user/app:cache', 'type=registry,ref=user/app']
    assert values(make('buildx', cache_from=caches), '--cache-from') == caches
    for kind in ('buildkit', 'classic'):
        made = make(kind, cache_from=[*caches, 'type=local,src=x'])
        assert values(made, '--cache-from') == ['user/app:cache', 'user/app']
        assert made.notes == ('cache-from: type=local,src=x is left out: only buildx reads it',)


def test_the_engines_own_builder_exports_an_inline_cache_at_most() -> None:
    caches = ['type=inline', 'type=local,dest=x']
    own = make('buildx', cache_to=caches)
    assert values(own, '--cache-to') == ['type=inline']
    assert 'exports none' in own.notes[0]
    assert values(make('buildx', capable=True, cache_to=caches), '--cache-to') == caches
    assert 'BUILDKIT_INLINE_CACHE=1' in make('buildkit', cache_to=caches).words


@pytest.mark.parametrize(
    ('wanted', 'expected'),
    [
        ({'provenance': 'mode=max'}, ['type=provenance,mode=max']),
        ({'provenance': 'false'}, ['type=provenance,disabled=true']),
        ({'sbom': 'true'}, ['type=sbom,disabled=false']),
        ({'attests': ['type=sbom,generator=x']}, ['type=sbom,generator=x']),
        (
            {'attests': ['type=sbom', 'type=provenance'], 'sbom': 'true'},
            ['type=provenance', 'type=sbom,disabled=false'],
        ),
    ],
)
def test_attestations_are_for_builders_that_can(
    wanted: dict[str, Any], expected: list[str]
) -> None:
    assert values(make('buildx', capable=True, **wanted), '--attest') == expected
    for kind in BUILDERS:
        made = make(kind, **wanted)
        assert '--attest' not in made.words
        assert bool(made.notes) is (wanted != {'provenance': 'false'})


def test_podman_annotates_manifests() -> None:
    lines = ['manifest:a=b', 'c=d', 'index:e=f']
    made = make('podman', annotations=lines)
    assert values(made, '--annotation') == ['a=b', 'c=d']
    assert len(made.notes) == 1
    assert values(make('buildx', annotations=lines), '--annotation') == lines
    assert make('classic', annotations=lines).notes


@pytest.mark.parametrize('kind', ['buildkit', 'classic', 'podman'])
def test_without_buildx_no_stage_is_told_apart(kind: str) -> None:
    made = make(kind, no_cache_filters=['app'])
    assert '--no-cache' in made.words
    assert made.notes
    assert values(make('buildx', no_cache_filters=['app']), '--no-cache-filter') == ['app']


@pytest.mark.parametrize('kind', BUILDERS)
def test_platforms_that_this_machine_runs(kind: str) -> None:
    assert values(make(kind, platforms=['linux/arm64/v8']), '--platform')
    with pytest.raises(StepFailed, match=r'cannot build for linux/s390x: it runs linux/amd64'):
        make(kind, platforms=['linux/amd64', 'linux/s390x'])
    with pytest.raises(StepFailed, match=r'one platform at a time, not for linux/amd64 and linux'):
        make(kind, platforms=['linux/amd64', 'linux/arm64'])


def test_the_classic_builder_is_not_told_its_own_platform() -> None:
    assert '--platform' not in make('classic', platforms=['linux/x86_64']).words


def test_a_builder_that_can_builds_for_any_platform() -> None:
    made = make('buildx', capable=True, platforms=['linux/amd64', 'linux/s390x'])
    assert values(made, '--platform') == ['linux/amd64,linux/s390x']
