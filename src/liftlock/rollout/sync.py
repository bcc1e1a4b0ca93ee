"""Desired state: what git says against what runs, and what follows from the difference.

    judge(environment, sync, desired, drift, now) -> Outcome

- What git says is a version with its settings. Where it differs from what has succeeded last, the
  environment is out of sync, and with `automated` it is deployed: once. What failed because of the
  place (`error`) is tried again with growing pauses, up to a limit; what failed of itself never.
- What is as git says but was changed by hand is put back with `selfHeal`: the present version is
  deployed again, with pauses that grow as long as somebody keeps on changing it. That a newer
  commit cannot be deployed does not hinder this, and never does a newer one come with it.
- After a person has rolled back, or taken everything down, nothing happens by itself until a
  person deploys. What a person has deployed beside git is left as well.
"""

from collections.abc import Iterator
from typing import Final, TypeAlias

from liftlock.language.records import NamedTuple
from liftlock.language.settings.model import Backoff, Sync
from liftlock.rollout import facts as f
from liftlock.rollout.deployment import Deployment
from liftlock.rollout.environment import ERROR, SUCCESS, Environment
from liftlock.rollout.phases import Phase
from liftlock.rollout.version import Version

HEALING: Final = Backoff(2.0, 3.0, 300.0)
CALM: Final = 2 * HEALING.max_duration  # seconds without healing, after which pauses begin anew
HEALED: Final = 'self-heal'  # how the reasons of such deployments begin


class Desired(NamedTuple):
    """What git says. `settings` is the digest of the stored text with which it is to be deployed;
    `since` is from when on it could be.

    Without a version, `lacking` says why there is none; where it is '' too, git says nothing:
    nothing is deployed here by itself.
    """

    version: Version | None = None
    settings: str = ''
    lacking: str = ''
    since: float = 0.0


class InSync(NamedTuple):
    """What runs is what git says."""


class OutOfSync(NamedTuple):
    """It is not, and nothing happens by itself."""

    message: str


class Deploy(NamedTuple):
    """Deploy this. `instead`: numbers of what waits to be deployed by itself, and is older."""

    version: Version
    settings: str
    message: str
    reason: str = ''
    instead: tuple[int, ...] = ()


class Heal(NamedTuple):
    """Deploy the present version again."""

    version: Version
    settings: str
    message: str
    reason: str


class Wait(NamedTuple):
    """Something follows by itself: at `until`, or if that is 0.0 after what is going on."""

    until: float
    message: str


Outcome: TypeAlias = InSync | OutOfSync | Deploy | Heal | Wait


def judge(
    environment: Environment, sync: Sync, desired: Desired, drift: str, now: float
) -> Outcome:
    """`drift` is how the place differs from what was deployed there; '' where it does not."""
    behind = difference(environment, desired)
    message = '\n'.join(filter(None, (behind, drift)))
    if not message:
        return InSync()
    if sync.automated is None:
        return OutOfSync(message)
    if kept := _kept(environment):
        return OutOfSync(f'{message}\n{kept}')
    found: OutOfSync | Deploy | Wait = OutOfSync(message)
    if behind:
        found = _newer(environment, sync, desired, message, now)
    if drift and sync.automated.self_heal and not isinstance(found, Deploy):
        healed = _heal(environment, found.message, drift, now)
        return healed if isinstance(healed, Heal) or isinstance(found, OutOfSync) else found
    return found


# --- what git says against what succeeded last


def difference(environment: Environment, desired: Desired) -> str:
    """'' where they are the same, or git says nothing."""
    version, last = desired.version, environment.last
    if version is None:
        return desired.lacking
    if last is None:
        return f'git says {told(version)}, and nothing was deployed yet'
    if not same(version, last.version):
        return f'git says {told(version)}, {told(last.version)} runs'
    if desired.settings != last.request.settings:
        return f'{told(version)} runs, but with other variables or settings than are wanted now'
    return ''


def told(version: Version) -> str:
    short = version.commit[:7]
    return version.name if not short or version.name == short else f'{version.name} ({short})'


def same(wanted: Version, there: Version) -> bool:
    """Git names a commit. An image of it that a person has deployed is the same, and so is what
    another run has built of it, by night say."""
    return wanted.id == there.id or (wanted.commit != '' and wanted.commit == there.commit)


# --- why nothing happens by itself


def _kept(environment: Environment) -> str:
    if environment.held is not None:
        held = environment.held
        why = f' ({held.reason})' if held.reason else ''
        return (
            f'nothing is deployed by itself since {held.by} has rolled back{why}; '
            'it goes on with: liftlock sync, or liftlock deploy'
        )
    last = environment.last
    if last is not None and last.revision and not environment.stable:
        return 'it was taken down; it goes on with: liftlock deploy'
    return ''


def _newer(
    environment: Environment, sync: Sync, desired: Desired, message: str, now: float
) -> OutOfSync | Deploy | Wait:
    """What git says is not what runs."""
    version = desired.version
    if version is None:
        return OutOfSync(message)
    pending = [*environment.waiting, *environment.line]
    if any(_is_attempt(one, desired) for one in pending) or environment.active is not None:
        return Wait(0.0, message)
    if any(one.request.kind != f.SYNC for one in pending):
        return Wait(0.0, message)
    if version.id in environment.bad():
        return OutOfSync(
            f'{message}\n{version.name} was taken back or left here, so it is not deployed by '
            'itself; commit something better, or take it anyway: liftlock deploy'
        )
    return _attempt(environment, sync, desired, message, now)


def _is_attempt(one: Deployment, desired: Desired) -> bool:
    assert desired.version is not None
    same_settings = one.request.settings == desired.settings
    return same_settings and same(desired.version, one.version) and one.request.kind != f.JOB


def _attempt(
    environment: Environment, sync: Sync, desired: Desired, message: str, now: float
) -> OutOfSync | Deploy | Wait:
    """Once, and again where the place was at fault."""
    assert desired.version is not None
    tried = [one for one in environment.deployments.values() if _is_attempt(one, desired)]
    instead = tuple(one.number for one in (*environment.waiting, *environment.line))
    deploy = Deploy(desired.version, desired.settings, message, instead=instead)
    if not tried:
        return _unless_meant(environment, desired, deploy)
    last = tried[-1]
    if last.conclusion == SUCCESS:
        return _left(environment, deploy)
    if last.conclusion == 'superseded':
        return deploy
    if last.back is None or last.back.cause != ERROR:
        why = f': {last.message}' if last.message else ''
        return OutOfSync(
            f'{message}\n#{last.number} to deploy it was {last.conclusion}{why}; '
            'try again: liftlock retry'
        )
    failures = sum(1 for one in tried if one.request.kind == f.SYNC and one.back is not None)
    return _again(deploy, last, failures, sync, now)


def _unless_meant(environment: Environment, desired: Desired, deploy: Deploy) -> OutOfSync | Deploy:
    """Whoever has deployed something else while this could be had wanted that, not this."""
    last = _chosen(environment)
    by_hand = last is not None and last.request.kind in (f.DEPLOY, f.PROMOTION)
    if last is None or not by_hand or last.requested_at <= desired.since:
        return deploy
    if deploy.version.commit == last.version.commit:  # only the settings are others
        return deploy
    return _left(environment, deploy)


def _left(environment: Environment, deploy: Deploy) -> OutOfSync | Deploy:
    """It was there to be had before. What a person has deployed since is meant; what came by
    itself follows git, backwards too."""
    last = _chosen(environment)
    if last is None or last.request.kind == f.SYNC:
        return deploy
    return OutOfSync(
        f'{deploy.message}\n{last.request.by} has deployed {told(last.version)} since; '
        'to take what git says: liftlock sync'
    )


def _chosen(environment: Environment) -> Deployment | None:
    """The last success by which somebody, or git, has chosen a version: healing chooses none."""
    for number in reversed(environment.successes):
        one = environment.deployments[number]
        if not _is_healing(one):
            return one
    return None


def _again(
    deploy: Deploy, last: Deployment, failures: int, sync: Sync, now: float
) -> OutOfSync | Deploy | Wait:
    if failures > sync.retry_limit:
        return OutOfSync(
            f'{deploy.message}\nit failed {failures} times, the last time: {last.message}; '
            'try again: liftlock retry'
        )
    number = max(failures, 1)
    until = last.finished_at + pause(sync.backoff, number)
    if now < until:
        return Wait(until, f'{deploy.message}\n#{last.number} failed, it is tried again')
    return deploy._replace(reason=f'retry {number} of {sync.retry_limit}')


def pause(backoff: Backoff, number: int) -> float:
    """Before the first (1), the second … try again."""
    longest = backoff.max_duration
    grown = backoff.duration
    for _ in range(1, number):
        grown = min(longest, grown * backoff.factor)
    return min(longest, grown)


# --- what was changed by hand


def _heal(
    environment: Environment, message: str, drift: str, now: float
) -> OutOfSync | Heal | Wait:
    last = environment.last
    pending = any(_is_healing(one) for one in environment.waiting)
    if last is None or environment.active or environment.line or pending:
        return Wait(0.0, message)
    if last.version.id in environment.bad():
        return OutOfSync(f'{message}\n{told(last.version)} does not run here any more')
    healed = list(_healed(environment, now))
    if healed:
        until = healed[0].finished_at + pause(HEALING, len(healed))
        if now < until:
            return Wait(until, message)
    first = drift.partition('\n')[0]
    return Heal(last.version, last.request.settings, message, f'{HEALED}: {first}')


def _healed(environment: Environment, now: float) -> Iterator[Deployment]:
    """Deployments that put the present state back, latest first, unless it was calm in between."""
    after = now
    for one in reversed(environment.deployments.values()):
        if one.phase is not Phase.ENDED:
            continue
        if not _is_healing(one) or after - one.finished_at > CALM:
            return
        after = one.requested_at
        yield one


def _is_healing(one: Deployment) -> bool:
    return one.request.kind == f.SYNC and one.request.reason.startswith(HEALED)
