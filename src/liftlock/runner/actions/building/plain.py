"""Without the plugin: what Docker's command line has in it, and podman. They push afterwards."""

from collections.abc import Iterator, Sequence
from typing import Final

from liftlock.runner.actions import platforms
from liftlock.runner.actions.building.options import (
    FILES,
    attributes,
    common,
    each,
    exporter,
    one,
    refuse_attestations,
    secrets,
    without_gha,
)
from liftlock.runner.actions.building.records import Builder, Files, Plan, Wanted
from liftlock.runner.workbench import StepFailed

_PLUGIN: Final = (
    "needs Docker's buildx plugin. Install it (apt install docker-buildx on Debian 13 and Ubuntu, "
    "docker-buildx-plugin from Docker's own packages)"
)


def plan_buildkit(builder: Builder, wanted: Wanted, files: Files) -> Plan:
    notes: list[str] = []
    _refuse(wanted, ('build_contexts', 'call', 'allow'))
    outputs = _file_outputs(wanted)
    words = ['build', *common(_named(wanted)), *_left_out(wanted, notes)]
    words += each('--output', outputs)
    words += secrets(wanted)
    words += each('--ssh', wanted.ssh)
    words += one('--platform', ','.join(wanted.platforms))
    words += each('--cache-from', _references(wanted.cache_from, notes))
    if any(attributes(cache).get('type') == 'inline' for cache in wanted.cache_to):
        words += ['--build-arg', 'BUILDKIT_INLINE_CACHE=1']
    words += [] if outputs else ['--iidfile', files.image_id]
    return Plan([*words, wanted.context], {'DOCKER_BUILDKIT': '1'}, _pushes(wanted), notes)


def plan_classic(builder: Builder, wanted: Wanted, files: Files) -> Plan:
    notes: list[str] = []
    _refuse(wanted, ('build_contexts', 'call', 'allow', 'secrets', 'ssh'))
    if _file_outputs(wanted):
        raise StepFailed(f'`outputs: {_file_outputs(wanted)[0]}` {_PLUGIN}')
    words = ['build', *common(_named(wanted)), *_left_out(wanted, notes)]
    # It asks an engine of its time to be experimental, even for its own platform.
    words += one('--platform', ','.join(_foreign(builder, wanted)))
    words += each('--cache-from', _references(wanted.cache_from, notes))
    words += ['--iidfile', files.image_id, wanted.context]
    return Plan(words, {'DOCKER_BUILDKIT': ''}, _pushes(wanted), notes)  # 1 wants the plugin


def plan_podman(builder: Builder, wanted: Wanted, files: Files) -> Plan:
    notes: list[str] = []
    _refuse(wanted, ('call', 'allow'), 'needs Docker with its buildx plugin')
    plain = wanted._replace(annotations=())
    words = ['build', *common(_named(wanted)), *_left_out(plain, notes)]
    words += each('--annotation', _of_manifest(wanted.annotations, notes))
    words += each('--build-context', wanted.build_contexts)
    words += each('--output', _file_outputs(wanted))
    words += secrets(wanted)
    words += each('--ssh', wanted.ssh)
    words += one('--platform', ','.join(wanted.platforms))
    if without_gha(wanted.cache_from, notes):
        notes.append("cache-from is left out: podman's own layers are the cache here")
    words += ['--iidfile', files.image_id, wanted.context]
    return Plan(words, {}, _pushes(wanted), notes)


def _refuse(wanted: Wanted, names: Sequence[str], remedy: str = _PLUGIN) -> None:
    for name in names:
        if getattr(wanted, name):
            raise StepFailed(f'`{name.replace("_", "-")}` {remedy}')


def _file_outputs(wanted: Wanted) -> list[str]:
    return [output for output in wanted.outputs if exporter(output) in FILES]


def _foreign(builder: Builder, wanted: Wanted) -> list[str]:
    names = map(platforms.normalise, wanted.platforms)
    return [name for name in names if name != platforms.normalise(builder.platform)]


def _left_out(wanted: Wanted, notes: list[str]) -> list[str]:
    """What these builders lack, said; and the option that stands for some of it."""
    if wanted.annotations:
        notes.append('annotations are left out: only buildx writes them')
    exported = without_gha(wanted.cache_to, notes)
    if any(attributes(cache).get('type') != 'inline' for cache in exported):
        notes.append("cache-to is left out: the engine's own builder exports none")
    refuse_attestations(wanted, notes)
    if not wanted.no_cache_filters or wanted.no_cache:
        return []
    notes.append('no-cache-filters: no stage comes from the cache; only buildx tells them apart')
    return ['--no-cache']


def _references(caches: Sequence[str], notes: list[str]) -> Iterator[str]:
    """Images that bring a cache; what else brings one is only for buildx."""
    for cache in without_gha(caches, notes):
        known = attributes(cache)
        if not known:
            yield cache
        elif known.get('type') == 'registry' and 'ref' in known:
            yield known['ref']
        else:
            notes.append(f'cache-from: {cache} is left out: only buildx reads it')


def _of_manifest(annotations: Sequence[str], notes: list[str]) -> Iterator[str]:
    for annotation in annotations:
        level, colon, rest = annotation.partition(':')
        if not colon or '=' in level:
            yield annotation
        elif level == 'manifest':
            yield rest
        else:
            notes.append(f'annotation {annotation}: left out, podman annotates manifests only')


def _named(wanted: Wanted) -> Wanted:
    """`outputs` may name tags too."""
    return wanted._replace(tags=tuple(dict.fromkeys([*wanted.tags, *_output_names(wanted)])))


def _output_names(wanted: Wanted) -> list[str]:
    named = (attributes(output).get('name', '').split(',') for output in wanted.outputs)
    return [name for names in named for name in names if name]


def _pushes(wanted: Wanted) -> Sequence[str]:
    """Tags to push, if anything says that they are."""
    pushed = list(wanted.tags) if wanted.push else []
    for output in wanted.outputs:
        known = attributes(output)
        if known.get('type') == 'registry' or (
            known.get('type') == 'image' and known.get('push') == 'true'
        ):
            pushed += [*wanted.tags, *filter(None, known.get('name', '').split(','))]
    return tuple(dict.fromkeys(pushed))
