"""From rules and facts to a version, tags and labels.

The entries are gone through by priority. The first that gives a value gives the version, the
others more tags; the first also says whether there is a `latest`, unless `flavor` does.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from liftlock.language.records import NamedTuple
from liftlock.runner.actions.metadata.dates import to_iso
from liftlock.runner.actions.metadata.facts import Facts, expand
from liftlock.runner.actions.metadata.kinds import give
from liftlock.runner.actions.metadata.rules import AUTO, Flavor, Image, Tag
from liftlock.runner.workbench import StepFailed

# The order of ICU's root collation, which the original sorts labels by.
_ORDER: Final = {
    letter: place
    for place, letter in enumerate(
        '_-,;:!?.\'"()[]{}@*/\\&#%`^+<=>|~$0123456789abcdefghijklmnopqrstuvwxyz'
    )
}


class Version(NamedTuple):
    """`main` is '' if no entry gave a value; `warnings` say of some why they gave none."""

    main: str = ''
    more: tuple[str, ...] = ()
    latest: bool | None = None
    warnings: tuple[str, ...] = ()


def make_version(tags: Sequence[Tag], flavor: Flavor, facts: Facts) -> Version:
    """Raises StepFailed for an entry or an expression that is wrong."""
    version = Version()
    for tag in tags:
        enabled = expand(tag.attributes['enable'], facts)
        if enabled not in ('true', 'false'):
            raise StepFailed(f'Invalid value for enable attribute: {enabled}')
        if enabled == 'true':
            version = _add(version, tag, flavor, facts)
    return version


def _add(version: Version, tag: Tag, flavor: Flavor, facts: Facts) -> Version:
    given = give(tag, facts)
    version = version._replace(warnings=version.warnings + given.warnings)
    if given.value is None:
        return version
    prefix = tag.attributes.get('prefix', flavor.prefix)
    suffix = tag.attributes.get('suffix', flavor.suffix)
    value = _clean(f'{expand(prefix, facts)}{given.value}{expand(suffix, facts)}')
    if not value:
        return version
    if version.latest is None:
        latest = given.latest if flavor.latest == AUTO else flavor.latest == 'true'
        version = version._replace(latest=latest)
    if not version.main:
        return version._replace(main=value)
    if value in (version.main, *version.more):
        return version
    return version._replace(more=(*version.more, value))


def name_tags(version: Version, flavor: Flavor) -> list[str]:
    """The tags without an image before them."""
    if not version.main:
        return []
    names = [version.main, *version.more]
    if version.latest:
        prefix = flavor.prefix if flavor.prefix_latest else ''
        suffix = flavor.suffix if flavor.suffix_latest else ''
        names.append(_clean(f'{prefix}latest{suffix}'))
    return names


def name_images(images: Sequence[Image]) -> list[str]:
    return [image.name.lower() for image in images if image.enable]


def join_tags(images: Sequence[str], names: Sequence[str]) -> list[str]:
    return [f'{image}:{name}' for image in images for name in names] if images else list(names)


def make_labels(
    version: Version, facts: Facts, repository: Mapping[str, str], extra: Sequence[str]
) -> dict[str, str]:
    """OCI's own and those of the workflow, sorted. `repository` holds name, description, url and
    license."""
    own = {
        'title': repository['name'],
        'description': repository['description'],
        'url': repository['url'],
        'source': repository['url'],
        'version': version.main,
        'created': to_iso(facts.now),
        'revision': facts.sha,
        'licenses': repository['license'],
    }
    labels = {f'org.opencontainers.image.{key}': value for key, value in own.items()}
    for line in extra:
        key, equals, value = expand(line, facts).partition('=')
        if equals:
            labels[key] = value
    return dict(sorted(labels.items(), key=lambda item: _collate(item[0])))


def _clean(tag: str) -> str:
    return re.sub(r'[^a-zA-Z0-9._-]+', '-', tag)


def _collate(key: str) -> tuple[list[int], list[bool]]:
    places = [_ORDER.get(letter.lower(), len(_ORDER) + ord(letter)) for letter in key]
    return places, [letter.isupper() for letter in key]
