"""Bills of materials, for licences and, where they tell them, for vulnerabilities: CycloneDX and
SPDX as JSON; and what pip-licenses and npm's license-checker list.

Several licences of one CycloneDX component all count, as scanners list whatever they have found
(an alternative would be an expression). Workflow actions are no part of what is delivered.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from liftlock.gates.finding import SEVERITIES, Finding
from liftlock.gates.reports.records import Findings, Licenses, Package
from liftlock.gates.reports.tree import Tree, entries, inside, many, objects, words

ACTIONS: Final = ('pkg:github/', 'pkg:githubactions/')
NO_PACKAGES: Final = frozenset({'file', 'operating-system', 'cryptographic-asset', 'data'})
NOTHING: Final = frozenset({'', 'NOASSERTION', 'NONE', 'UNKNOWN', 'Unknown'})


def looks_cyclonedx(tree: Tree) -> bool:
    return isinstance(tree, dict) and tree.get('bomFormat') == 'CycloneDX'


def read_cyclonedx(tree: Tree) -> tuple[Licenses | Findings, ...]:
    components = entries(tree, 'components') if 'components' in tree else []
    packages = tuple(_component(one) for one in components if _is_package(one))
    found: list[Licenses | Findings] = []
    if any(one.licenses for one in packages) or 'vulnerabilities' not in tree:
        found.append(Licenses('CycloneDX', packages))
    if 'vulnerabilities' in tree:
        names = {words(one, 'bom-ref'): _named(one) for one in components}
        listed = entries(tree, 'vulnerabilities')
        those = tuple(one for vuln in listed for one in _vulnerability(vuln, names))
        doubts = () if components else ('it names no component',)
        found.append(Findings('CycloneDX', ('dependencies',), those, doubts))
    return tuple(found)


def _is_package(one: Tree) -> bool:
    return words(one, 'type') not in NO_PACKAGES and not words(one, 'purl').startswith(ACTIONS)


def _component(one: Mapping[str, Tree]) -> Package:
    told = (
        words(choice, 'expression')
        or words(choice, 'license', 'id')
        or words(choice, 'license', 'name')
        for choice in many(one, 'licenses')
    )
    return Package(_named(one), _known(told))


def _named(one: Tree) -> str:
    group = words(one, 'group')
    name = f'{group}/{words(one, "name")}' if group else words(one, 'name')
    return f'{name} {words(one, "version")}'.strip()


def _known(told: Iterator[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one for one in told if one not in NOTHING))


def _vulnerability(vuln: Tree, names: Mapping[str, str]) -> Iterator[Finding]:
    """The worst of its ratings; what an analysis has settled is no finding (VEX)."""
    if words(vuln, 'analysis', 'state') in ('resolved', 'false_positive', 'not_affected'):
        return
    levels = [words(one, 'severity').lower() for one in many(vuln, 'ratings')]
    severity = next((one for one in SEVERITIES if one in levels), '')
    for affected in many(vuln, 'affects') or [None]:
        subject = names.get(words(affected, 'ref'), words(affected, 'ref'))
        told = words(vuln, 'description') or words(vuln, 'detail')
        yield Finding('CycloneDX', words(vuln, 'id') or '?', severity, told, subject=subject)


# --- SPDX


def looks_spdx(tree: Tree) -> bool:
    return isinstance(tree, dict) and str(tree.get('spdxVersion', '')).startswith('SPDX-2')


def read_spdx(tree: Tree) -> Licenses:
    """What was concluded outranks what was declared. The package that the document describes is
    what the others are parts of."""
    described = {
        words(one, 'relatedSpdxElement')
        for one in many(tree, 'relationships')
        if words(one, 'relationshipType') == 'DESCRIBES'
    }
    named = {
        words(one, 'licenseId'): words(one, 'name')
        for one in many(tree, 'hasExtractedLicensingInfos')
    }
    packages = (
        Package(f'{words(one, "name")} {words(one, "versionInfo")}'.strip(), _spdx(one, named))
        for one in entries(tree, 'packages')
        if words(one, 'SPDXID') not in described and not _is_action(one)
    )
    return Licenses('SPDX', tuple(packages))


def _is_action(one: Tree) -> bool:
    references = many(one, 'externalRefs')
    return any(words(ref, 'referenceLocator').startswith(ACTIONS) for ref in references)


def _spdx(one: Tree, named: Mapping[str, str]) -> tuple[str, ...]:
    for key in ('licenseConcluded', 'licenseDeclared'):
        told = words(one, key)
        if told not in NOTHING:
            return (named.get(told) or told,)
    return ()


# --- lists


def looks_pip_licenses(tree: Tree) -> bool:
    first = inside(tree, 0)
    return isinstance(first, dict) and {'Name', 'Version', 'License'} <= first.keys()


def read_pip_licenses(tree: Tree) -> Licenses:
    """Classifiers are joined by `;`, and all of them count."""
    return Licenses(
        'pip-licenses',
        tuple(
            Package(
                f'{words(one, "Name")} {words(one, "Version")}',
                _known(part.strip() for part in words(one, 'License').split(';')),
            )
            for one in objects(tree)
        ),
    )


def looks_license_checker(tree: Tree) -> bool:
    if not isinstance(tree, dict) or not tree:
        return False
    return all(
        '@' in name[1:] and isinstance(one, dict) and 'licenses' in one
        for name, one in tree.items()
    )


def read_license_checker(tree: Tree) -> Licenses:
    """`MIT*` was guessed from a file. A list comes of old manifests: all of it counts."""
    return Licenses(
        'license-checker',
        tuple(
            Package(' '.join(name[:200].rsplit('@', 1)), _checked(one))
            for name, one in tree.items()
        ),
    )


def _checked(one: Tree) -> tuple[str, ...]:
    told = inside(one, 'licenses')
    names = told if isinstance(told, list) else [told]
    return _known(words(name).rstrip('*') for name in names)
