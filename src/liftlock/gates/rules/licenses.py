"""Licenses of dependencies. What may be had under one of several is good if one of them is.

A license with an exception (`WITH`) is denied with its license, unless `allow` names just that.
`X-or-later` is denied where `X-only` is, and allowed where `X-only` is: it may be taken as X.
A package of which nobody tells the license may have any: the gate cannot be evaluated.
"""

from collections.abc import Callable, Iterable
from typing import Final

from liftlock.gates import evidence
from liftlock.gates.evidence import Seen
from liftlock.gates.finding import Finding
from liftlock.gates.reports.records import Licenses, Package
from liftlock.gates.rules import spdx
from liftlock.gates.rules.spdx import Every, Id
from liftlock.gates.verdict import Outcome, Verdict
from liftlock.language.figures import count
from liftlock.language.settings import model

HINT: Final = (
    'have pip-licenses --format=json, license-checker --json or a tool for CycloneDX list them'
)
UNKNOWN_HINT: Final = 'look them up, and add the licence to the bill of materials'


def judge(settings: model.Licenses, seen: Seen) -> Verdict:
    told = _packages(seen)
    if not told:
        return Verdict('licenses', Outcome.UNDECIDED, 'there is no report of licences', HINT)
    good = _rule(settings)
    bad, unknown = [], []
    for name, names in sorted(told.items()):
        if not names:
            unknown.append(
                Finding('licenses', 'unknown', '', 'its licence is not told', subject=name)
            )
        elif not all(spdx.holds(spdx.parse(one), good) for one in names):
            shown = ' and '.join(names)
            bad.append(Finding('licenses', 'denied', '', shown[:300], subject=name))
    outcome = Outcome.FAIL if bad else Outcome.UNDECIDED if unknown else Outcome.PASS
    message = f'{count(len(told), "package")}, {len(bad)} under a licence that is denied'
    if unknown:
        message += f', {len(unknown)} under one that is not known'
    hint = UNKNOWN_HINT if outcome is Outcome.UNDECIDED else ''
    return Verdict('licenses', outcome, message, hint, findings=(*bad, *unknown))


def _packages(seen: Seen) -> dict[str, tuple[str, ...]]:
    """By name and version. What one report does not tell another may; what several tell all
    counts."""
    found: dict[str, tuple[str, ...]] = {}
    for _, report in evidence.of(seen, Licenses):
        for package in report.packages:
            key = _key(package)
            found[key] = tuple(dict.fromkeys((*found.get(key, ()), *package.licenses)))
    return found


def _key(package: Package) -> str:
    return package.name.lower().replace('_', '-')


def _rule(settings: model.Licenses) -> Callable[[Id], bool]:
    denied, allowed = _names(settings.deny), _names(settings.allow)

    def good(one: Id) -> bool:
        words = _words(one)
        exact = f'{spdx.canonical(one.name)} with {one.exception.lower()}'
        if one.exception and exact in allowed:
            return True
        if denied & words or exact in denied:
            return False
        return not allowed or bool(allowed & words)

    return good


def _words(one: Id) -> set[str]:
    """By which it may be named in `deny` and `allow`."""
    name = spdx.canonical(one.name)
    only = f'{name.removesuffix("-or-later")}-only' if name.endswith('-or-later') else name
    return {name, only}


def _names(entries: Iterable[str]) -> frozenset[str]:
    """A name that stands for several licenses, as `GPL`, names all of them."""
    found: set[str] = set()
    for entry in entries:
        read = spdx.parse(entry)
        for one in read.of if isinstance(read, Every) else (read,):
            if isinstance(one, Id):
                base = spdx.canonical(one.name)
                found.add(f'{base} with {one.exception.lower()}' if one.exception else base)
    return frozenset(found)
