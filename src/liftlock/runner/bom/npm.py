"""Packages of npm: package-lock.json in its three versions."""

import base64
import binascii
from collections.abc import Iterator, Mapping
from typing import Any, Final

from liftlock.runner.bom.component import Component, Unreadable

_FOLDER: Final = 'node_modules/'


def read_lock(content: Any, source: str) -> Iterator[Component]:
    if not isinstance(content, dict) or 'lockfileVersion' not in content:
        raise Unreadable('it is no lock of npm')
    packages = content.get('packages')
    if isinstance(packages, dict):
        for path, package in packages.items():
            if _FOLDER in path and isinstance(package, dict) and not package.get('link'):
                name = package.get('name') or path.rpartition(_FOLDER)[2]
                yield _component(str(name), package, source)
    else:
        yield from _nested(content, source)


def _nested(content: Mapping[str, Any], source: str) -> Iterator[Component]:
    """Version 1: packages below those that they were installed for."""
    listed = content.get('dependencies')
    for name, package in listed.items() if isinstance(listed, dict) else ():
        if isinstance(package, dict):
            yield _component(name, package, source)
            yield from _nested(package, source)


def _component(name: str, package: Mapping[str, Any], source: str) -> Component:
    hashes = tuple(_integrity(str(package.get('integrity', ''))))
    told = package.get('license')
    license_ = told if isinstance(told, str) else ''
    return Component('npm', name, str(package.get('version', '')), source, hashes, license_)


def _integrity(text: str) -> Iterator[tuple[str, str]]:
    """`sha512-<base64>`, several with spaces between."""
    for one in text.split():
        algorithm, dash, digest = one.partition('-')
        try:
            if dash:
                yield algorithm, base64.b64decode(digest, validate=True).hex()
        except binascii.Error:
            continue
