"""Options that all builders have, and how values of lists are read."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from liftlock.runner.actions.building.records import Wanted
from liftlock.runner.actions.inputs import parse_fields

FILES: Final = ('local', 'tar')  # exporters that make no image


def common(wanted: Wanted) -> list[str]:
    return [
        *each('--add-host', wanted.add_hosts),
        *each('--build-arg', wanted.build_args),
        *one('--cgroup-parent', wanted.cgroup_parent),
        *one('--file', wanted.file),
        *each('--label', wanted.labels),
        *one('--network', wanted.network),
        *['--no-cache'] * wanted.no_cache,
        *['--pull'] * wanted.pull,
        *one('--shm-size', wanted.shm_size),
        *each('--tag', wanted.tags),
        *one('--target', wanted.target),
        *each('--ulimit', wanted.ulimit),
    ]


def secrets(wanted: Wanted) -> list[str]:
    return each('--secret', (f'id={secret.id},{secret.source}' for secret in wanted.secrets))


def one(option: str, value: str) -> list[str]:
    return [option, value] if value else []


def each(option: str, values: Iterable[str]) -> list[str]:
    return [word for value in values for word in (option, value)]


def attributes(text: str) -> dict[str, str]:
    """`type=registry,ref=user/app`"""
    pairs = (field.partition('=') for field in parse_fields(text))
    return {key.strip().lower(): value.strip() for key, equals, value in pairs if equals}


def exporter(output: str) -> str:
    """A path alone is a directory."""
    return attributes(output).get('type', 'local')


def without_gha(caches: Sequence[str], notes: list[str]) -> list[str]:
    kept = [cache for cache in caches if attributes(cache).get('type') != 'gha']
    if len(kept) < len(caches):
        notes.append("type=gha is left out: the engine's own layers are the cache here")
    return kept


def attestations(wanted: Wanted) -> Iterator[str]:
    """`provenance` and `sbom` go before what `attests` says of them."""
    named = {'provenance': wanted.provenance, 'sbom': wanted.sbom}
    for attest in wanted.attests:
        if not named.get(attributes(attest).get('type', '')):
            yield attest
    for kind, text in named.items():
        if text:
            yield f'type={kind},{_switch(text)}'


def refuse_attestations(wanted: Wanted, notes: list[str]) -> None:
    kinds = [
        attributes(attest).get('type', attest)
        for attest in attestations(wanted)
        if attributes(attest).get('disabled') != 'true'
    ]
    if kinds:
        notes.append(f"{' and '.join(kinds)}: left out, the engine's own builder attests nothing")


def _switch(text: str) -> str:
    """`true` and `false`, or attributes."""
    lowered = text.strip().lower()
    if lowered in ('true', 'false'):
        return f'disabled={"false" if lowered == "true" else "true"}'
    return text
