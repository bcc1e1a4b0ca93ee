"""Packages of Python: requirements, lock files, and the metadata of what is built or installed."""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from email.parser import HeaderParser
from typing import Any, Final

from liftlock.runner.bom.component import Component, Unreadable

_PINNED: Final = re.compile(r'([A-Za-z0-9][\w.-]*)\s*(?:\[[^]]*])?\s*===?\s*([^\s;,]+)\s*(?:;|$)')
_NAMED: Final = re.compile(r'([A-Za-z0-9][\w.-]*)\s*(?:\[[^]]*])?\s*(?:[<>=!~;@(].*)?$')
_HASH: Final = re.compile(r'--hash[= ](\w+):([0-9a-fA-F]+)')


def normalize(name: str) -> str:
    """As PyPI compares names."""
    return re.sub(r'[-_.]+', '-', name).lower()


def read_requirements(text: str, source: str) -> Iterator[Component]:
    """A requirement without a version is told without one; other files and options are left out."""
    for line in text.replace('\\\n', ' ').splitlines():
        line = re.sub(r'(^|\s)#.*', '', line).strip()
        if not line or line.startswith('-') or '://' in line.partition(';')[0]:
            continue
        hashes = tuple((algorithm, digits.lower()) for algorithm, digits in _HASH.findall(line))
        wanted = _HASH.sub('', line).strip()
        pinned = _PINNED.match(wanted)
        named = _NAMED.match(wanted)
        if pinned and '*' not in pinned[2]:
            yield Component('pypi', normalize(pinned[1]), pinned[2], source, hashes)
        elif named:
            yield Component('pypi', normalize(named[1]), '', source, hashes)


def read_toml_lock(text: str, source: str) -> Iterator[Component]:
    """pylock.toml, poetry.lock and uv.lock: tables of packages, with files in various places."""
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Unreadable(f'it is no TOML: {error}') from error
    for package in _tables(content, 'packages') or _tables(content, 'package'):
        where = package.get('source')
        if isinstance(where, dict) and ({'virtual', 'editable'} & set(where)):
            continue  # the project itself
        if isinstance(package.get('name'), str):
            name, version = normalize(package['name']), str(package.get('version', ''))
            yield Component('pypi', name, version, source, tuple(_hashes(package)))


def _tables(content: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    listed = content.get(key)
    return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []


def _hashes(package: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    sdist = package.get('sdist')
    files = [*_tables(package, 'files'), *_tables(package, 'wheels')]
    for file in [*files, sdist] if isinstance(sdist, dict) else files:
        for algorithm, digits in _digests(file):
            yield algorithm, digits.lower()


def _digests(file: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    if isinstance(file.get('hashes'), dict):
        return ((str(algorithm), str(digits)) for algorithm, digits in file['hashes'].items())
    algorithm, colon, digits = str(file.get('hash', '')).partition(':')
    return [(algorithm, digits)] if colon else []


def read_pipfile_lock(content: Any, source: str) -> Iterator[Component]:
    for group in ('default', 'develop'):
        listed = content.get(group) if isinstance(content, dict) else None
        for name, package in listed.items() if isinstance(listed, dict) else ():
            told = package if isinstance(package, dict) else {}
            hashes = [str(one).partition(':') for one in told.get('hashes') or ()]
            yield Component(
                'pypi',
                normalize(name),
                str(told.get('version', '')).removeprefix('=='),
                source,
                tuple((algorithm, digits) for algorithm, colon, digits in hashes if colon),
            )


def read_metadata(text: str, source: str) -> Iterator[Component]:
    """METADATA of a wheel or of an installed package, PKG-INFO of a source distribution."""
    told = HeaderParser().parsestr(text.partition('\n\n')[0])
    name, version = told.get('Name'), told.get('Version')
    if not name or not version:
        raise Unreadable('it has no name and version')
    license_ = told.get('License-Expression') or ''
    yield Component('pypi', normalize(str(name)), str(version), source, license=str(license_))
