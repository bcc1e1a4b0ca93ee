"""The two kinds of version that tags of a repository may be: semver's and Python's.

Sources: semver.org 2.0.0 as node-semver reads it (a leading `v` is allowed); PEP 440, appendix B.
"""

import re
from typing import Final

from liftlock.language.records import NamedTuple

_IDENTIFIER = r'(?:0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*)'
_SEMVER: Final = re.compile(
    r'v?(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)'
    rf'(?:-({_IDENTIFIER}(?:\.{_IDENTIFIER})*))?(?:\+([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?',
    re.ASCII,
)
_PEP440: Final = re.compile(
    r"""
    v? (?:(?P<epoch>\d+)!)? (?P<release>\d+(?:\.\d+)*)
    (?P<pre>[-_.]? (?P<stage>a|b|c|rc|alpha|beta|pre|preview) [-_.]? (?P<stage_number>\d+)?)?
    (?P<post>-(?P<post_bare>\d+) | [-_.]? (?:post|rev|r) [-_.]? (?P<post_number>\d+)?)?
    (?P<dev>[-_.]? dev [-_.]? (?P<dev_number>\d+)?)?
    (?:\+ (?P<local>[a-z0-9]+(?:[-_.][a-z0-9]+)*))?
    """,
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
_STAGES: Final = {'alpha': 'a', 'beta': 'b', 'c': 'rc', 'pre': 'rc', 'preview': 'rc'}


class Semver(NamedTuple):
    """`raw` is the text, `version` is without `v` and build."""

    raw: str
    version: str
    major: int
    minor: int
    patch: int
    prerelease: tuple[str, ...]
    build: tuple[str, ...]


class Pep440(NamedTuple):
    """`version` is normalised; `final` means neither pre-, post- nor development release."""

    version: str
    major: str
    minor: str
    patch: str
    final: bool


def parse_semver(text: str) -> Semver | None:
    found = _SEMVER.fullmatch(text.strip())
    if found is None:
        return None
    major, minor, patch = (int(number) for number in found.group(1, 2, 3))
    version = f'{major}.{minor}.{patch}' + (f'-{found[4]}' if found[4] else '')
    stages = tuple(found[4].split('.')) if found[4] else ()
    builds = tuple(found[5].split('.')) if found[5] else ()
    return Semver(text, version, major, minor, patch, stages, builds)


def parse_pep440(text: str) -> Pep440 | None:
    found = _PEP440.fullmatch(text.strip())
    if found is None:
        return None
    release = [str(int(number)) for number in found['release'].split('.')]
    version = f'{int(found["epoch"])}!' if int(found['epoch'] or 0) else ''
    version += '.'.join(release)
    if found['pre']:
        stage = found['stage'].lower()
        version += f'{_STAGES.get(stage, stage)}{int(found["stage_number"] or 0)}'
    if found['post']:
        version += f'.post{int(found["post_bare"] or found["post_number"] or 0)}'
    if found['dev']:
        version += f'.dev{int(found["dev_number"] or 0)}'
    if found['local']:
        version += f'+{found["local"].lower()}'
    major, minor, patch = (*release, '0', '0')[:3]
    final = not (found['pre'] or found['post'] or found['dev'])
    return Pep440(version, major, minor, patch, final)
