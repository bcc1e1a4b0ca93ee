"""All gates of a `liftlock.yml` at once. To add one, write its rule and name it here."""

from collections.abc import Callable
from typing import Any, Final

from liftlock.gates.evidence import Seen
from liftlock.gates.rules import coverage, findings, licenses, performance, policy, tests
from liftlock.gates.verdict import Outcome, Verdict
from liftlock.language.printable import harmless
from liftlock.language.settings.model import Gates

Rule = Callable[[Any, Seen], Verdict]

RULES: Final[tuple[tuple[str, Rule], ...]] = (
    ('coverage', coverage.judge),
    ('tests', tests.judge),
    ('lint', findings.lint),
    ('dependencies', findings.dependencies),
    ('code', findings.code),
    ('secrets', findings.secrets),
    ('licenses', licenses.judge),
    ('container', findings.container),
    ('performance', performance.judge),
    ('policy', policy.judge),
)
UNREAD: Final = 'reports'


def judge(gates: Gates, seen: Seen) -> tuple[Verdict, ...]:
    """One verdict for each gate that is set, and one more where a report could not be read: nobody
    knows what stands in it."""
    found = [rule(getattr(gates, gate), seen) for gate, rule in RULES if _is_set(gates, gate)]
    return tuple(_shown(one) for one in (*found, *_unread(seen)))


def _shown(verdict: Verdict) -> Verdict:
    """Its message may hold texts of strangers, and is told in many places."""
    return verdict._replace(message=harmless(' '.join(verdict.message.split())))


def _is_set(gates: Gates, gate: str) -> bool:
    value = getattr(gates, gate)
    return value is not None and value != '' and value != () and value != {}


def _unread(seen: Seen) -> tuple[Verdict, ...]:
    bad = [one.read for one in seen.evidence if one.read.trouble and (one.given or one.read.sure)]
    if not bad:
        return ()
    more = f' (and {len(bad) - 1} more)' if len(bad) > 1 else ''
    told = f'{bad[0].name}: {bad[0].trouble}{more}'
    return (Verdict(UNREAD, Outcome.UNDECIDED, told, 'have the tool write it again'),)
