"""Whether something may be deployed to an environment now.

Each rule says for itself what it thinks; nothing is let through before all of them agree.
Refused, for good:
    somebody rejected it; its branch or tag may not be deployed; a gate failed; it waited so long
    for people that it expired.
Waiting, so asked again at `until` and at `expires`, and whenever somebody says something:
    approvals are lacking, the wait timer runs, a freeze holds, the version has not succeeded in an
    environment that comes before, a gate could not be evaluated, or asks for an approval.
A bypass lets through what waits, and is recorded with everything that it passed over. What is
refused it does not let through. What has started is judged no more.

Source: GitHub's "Deployments and environments", and its timeline of 30 days.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, TypeAlias

from liftlock.gates import freezes, reviews
from liftlock.gates.reviews import Approval as Approval
from liftlock.gates.verdict import Outcome, Verdict
from liftlock.language.records import NamedTuple
from liftlock.language.settings import moments
from liftlock.language.settings.model import Freeze, Protection
from liftlock.plan import globs

HEADS: Final = 'refs/heads/'
TAGS: Final = 'refs/tags/'
DAY: Final = 86400.0


class Asked(NamedTuple):
    """What is to be deployed. `at` is when it was asked for, `by` who did; `settings` is the digest
    of the workflow and `liftlock.yml`."""

    commit: str
    ref: str
    settings: str
    at: float
    by: str


class Rejection(NamedTuple):
    by: str
    comment: str = ''


class Bypass(NamedTuple):
    by: str
    reason: str


class Said(NamedTuple):
    """What people have said about it so far."""

    approvals: tuple[Approval, ...] = ()
    rejection: Rejection | None = None
    bypass: Bypass | None = None


class Known(NamedTuple):
    """What the caller has looked up. `missing` are the environments of `needs:` in which this very
    version has not succeeded; `teams` the people in each team; `authors` who pushed the commit."""

    teams: Mapping[str, Sequence[str]] = {}
    verdicts: tuple[Verdict, ...] = ()
    missing: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()


class Allowed(NamedTuple):
    message: str = ''


class Waiting(NamedTuple):
    """`until` is when the first thing may change by itself, 0.0 where only people can change
    anything; `approvals` how many are lacking. After `expires` it is refused, unless that is 0.0:
    what only waits for a time to come does not expire."""

    reasons: tuple[str, ...]
    until: float = 0.0
    approvals: int = 0
    expires: float = 0.0

    @property
    def reason(self) -> str:
        return '; '.join(self.reasons)


class Refused(NamedTuple):
    reason: str


Judgement: TypeAlias = Allowed | Waiting | Refused


class _Hold(NamedTuple):
    """`until` is 0.0 where it does not end by itself."""

    reason: str
    until: float = 0.0


def judge(
    protection: Protection,
    frozen: Sequence[Freeze],
    asked: Asked,
    said: Said,
    known: Known,
    now: float,
) -> Judgement:
    """`now` is seconds since 1970, as all times here."""
    refused = _refusal(protection, asked, said, known)
    if refused:
        return Refused(refused)
    wanted = asked.commit, asked.settings
    review = reviews.review(
        protection, said.approvals, wanted, (asked.by, *known.authors), known.teams
    )
    asking = ''.join(f'; {_approval(verdict)}' for verdict in known.verdicts if verdict.approval)
    lacking = [_Hold(reviews.told(review, protection) + asking)] if review.lacking else []
    holds = [*lacking, *_for_people(protection, known), *_for_time(protection, frozen, asked, now)]
    if not holds:
        by = ', '.join(review.people)
        return Allowed(f'approved by {by}' if by and review.required else '')
    if said.bypass:
        passed = '; '.join(hold.reason for hold in holds)
        return Allowed(f'{said.bypass.by} bypassed this: {passed} ({said.bypass.reason})')
    return _waiting(holds, asked.at + protection.expires, review.lacking, now)


def _waiting(holds: Sequence[_Hold], expires: float, lacking: int, now: float) -> Judgement:
    ends = [hold.until for hold in holds if hold.until]
    for_people = len(ends) < len(holds)
    if for_people and now >= expires:
        reason = next(hold.reason for hold in holds if not hold.until)
        return Refused(f'nobody let it through by {moments.told(expires, "UTC")}: {reason}')
    reasons = tuple(hold.reason for hold in holds)
    return Waiting(reasons, min(ends, default=0.0), lacking, expires if for_people else 0.0)


# --- refused


def _refusal(protection: Protection, asked: Asked, said: Said, known: Known) -> str:
    if said.rejection:
        by, comment = said.rejection
        return f'{by} rejected it' + (f': {comment}' if comment else '')
    for verdict in known.verdicts:
        if verdict.outcome is Outcome.FAIL:
            return f'the gate "{verdict.gate}" failed' + _behind(verdict.message)
    return policy(protection, asked.ref)


def policy(protection: Protection, ref: str) -> str:
    """Why this branch or tag may not be deployed; '' if it may. What is neither, as the ref of a
    pull request, is compared with the branches under its full name."""
    if not (protection.branches or protection.tags):
        return ''
    tagged = ref.startswith(TAGS)
    noun, patterns = ('tag', protection.tags) if tagged else ('branch', protection.branches)
    name = ref.removeprefix(TAGS if tagged else HEADS)
    if globs.match(patterns, name):
        return ''
    wanted = f'only {", ".join(patterns)}' if patterns else f'no {noun} at all'
    return f'{noun} "{name}" may not be deployed here, {wanted}'


# --- waiting


def _for_people(protection: Protection, known: Known) -> Iterator[_Hold]:
    for environment in known.missing:
        yield _Hold(f'waits for this version to succeed in {environment}')
    for verdict in known.verdicts:
        if verdict.approval and not (protection.reviewers and protection.required):
            yield _Hold(f'{_approval(verdict)}, and nobody is set to give one (reviewers:)')
        if verdict.outcome is Outcome.UNDECIDED:
            yield _Hold(
                f'the gate "{verdict.gate}" could not be evaluated' + _behind(verdict.message)
            )


def _approval(verdict: Verdict) -> str:
    """A gate asks for an approval; the reviewers of the environment give it."""
    return f'the gate "{verdict.gate}" asks for an approval{_behind(verdict.message)}'


def _for_time(
    protection: Protection, frozen: Sequence[Freeze], asked: Asked, now: float
) -> Iterator[_Hold]:
    if asked.at + protection.wait > now:
        end = asked.at + protection.wait
        yield _Hold(f'its wait timer runs until {moments.told(end, "UTC")}', end)
    yield from (_Hold(*one) for one in freezes.frozen(frozen, now))


def _behind(message: str) -> str:
    return f': {message}' if message else ''
