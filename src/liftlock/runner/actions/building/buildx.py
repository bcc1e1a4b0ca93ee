"""With Docker's buildx plugin."""

from collections.abc import Sequence

from liftlock.runner.actions.building.options import (
    FILES,
    attestations,
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


def plan(builder: Builder, wanted: Wanted, files: Files) -> Plan:
    notes: list[str] = []
    words = ['buildx', 'build', *common(wanted)]
    words += each('--allow', wanted.allow)
    words += each('--annotation', wanted.annotations)
    words += each('--build-context', wanted.build_contexts)
    words += each('--cache-from', without_gha(wanted.cache_from, notes))
    words += each('--cache-to', _exportable(builder, wanted.cache_to, notes))
    words += one('--call', wanted.call)
    words += each('--no-cache-filter', wanted.no_cache_filters)
    words += each('--output', wanted.outputs)
    words += one('--platform', ','.join(wanted.platforms))
    words += _attest(builder, wanted, notes)
    words += secrets(wanted)
    words += each('--ssh', wanted.ssh)
    if not any(exporter(output) in FILES for output in wanted.outputs):
        words += ['--iidfile', files.image_id]
    words += one('--builder', wanted.builder)
    words += ['--load'] * wanted.load + ['--push'] * wanted.push
    words += ['--metadata-file', files.metadata, wanted.context]
    return Plan(words, notes=notes)


def _exportable(builder: Builder, caches: Sequence[str], notes: list[str]) -> list[str]:
    kept = without_gha(caches, notes)
    if builder.capable:
        return kept
    for cache in kept:
        if attributes(cache).get('type') != 'inline':
            notes.append(f"cache-to: {cache} is left out: the engine's own builder exports none")
    return [cache for cache in kept if attributes(cache).get('type') == 'inline']


def _attest(builder: Builder, wanted: Wanted, notes: list[str]) -> list[str]:
    if builder.capable:
        return each('--attest', attestations(wanted))
    refuse_attestations(wanted, notes)
    return []
