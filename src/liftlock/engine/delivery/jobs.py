"""Workflow jobs that deploy by their own commands, as deployments of their environments.

A job's deployment is asked for once nothing else holds the job, is judged like any other, and
starts when nobody else deploys there and nobody stands before it in the line. Every process that
carries out such jobs looks for itself, and writes what it decided only if it has read everything:
so two never start at once, whoever they belong to.

A deployment whose run nobody carries out any more holds nobody up: see `orphans`.
"""

import time
from collections.abc import Callable, Mapping
from typing import Final

from liftlock.engine.delivery import admission, gating
from liftlock.engine.delivery import blueprint as blueprints
from liftlock.engine.delivery.blueprint import Blueprint
from liftlock.engine.delivery.orphans import CONCLUSIONS, Around, Delivered, conclude
from liftlock.engine.delivery.proof import Bad, Case, Eyes, Proof
from liftlock.engine.delivery.stream import Stream
from liftlock.errors import UserError
from liftlock.gates.protection import Allowed, Judgement, Refused, Waiting
from liftlock.language.records import NamedTuple
from liftlock.language.settings import model
from liftlock.plan.facts import JobFinished
from liftlock.plan.plan import JobPlan, Request
from liftlock.rollout import facts as f
from liftlock.rollout.deployment import Deployment
from liftlock.rollout.phases import Phase
from liftlock.rollout.version import Version
from liftlock.store import deliveries

AGAIN: Final = 1.0  # seconds until it is judged again though nothing is new: others may be
ONLY_USED: Final = 'the job says deployment: false, so only the protection was asked'


class Unwanted(Exception):
    """It will never be let through; the job ends with this reason."""


class Asking(NamedTuple):
    """Of whose jobs these are: `settings` is the text of `liftlock.yml`, `by` who started it."""

    run: int
    request: Request
    settings: str = ''
    by: str = ''
    sources: str = ''


class _Told(NamedTuple):
    """What was answered, and how long that holds if nobody writes anything."""

    reason: str
    seq: int
    until: float


class Deployments:
    def __init__(self, around: Around, asking: Asking) -> None:
        self._around = around
        self._asking = asking
        self._streams: dict[str, Stream] = {}  # by the environment's name in lower case
        self._own: dict[str, tuple[Stream, int]] = {}  # by the job's key
        self._told: dict[str, _Told] = {}
        self._declared: dict[str, model.Environment] = {}

    def adopt(self, job: JobPlan) -> None:
        """Look after the deployment of a job that runs already. UserError."""
        self._find(job)

    def want(self, job: JobPlan) -> str:
        """'' if it may start now, or else what it waits for. Unwanted, UserError."""
        stream, number = self._own.get(job.key) or self._find(job)
        stream.read()
        told = self._told.get(job.key)
        if told and told.seq == stream.environment.seq and time.time() < told.until:
            return told.reason
        reason = self._judged(stream, number, job)
        return reason or self._line(stream, number, job)

    def start(self, job: JobPlan) -> str:
        """The same, and it has started where that is ''."""
        while not (reason := self.want(job)):
            stream, number = self._own[job.key]
            if stream.environment.deployments[number].active:
                return ''  # by a process that could not claim the job any more
            fact: f.Fact = f.DeploymentStarted(number, '', '', ())
            if not job.deployment:
                fact = f.DeploymentFinished(number, 'cancelled', ONLY_USED)
            if stream.write(fact):
                return ''
        return reason

    async def prove(
        self,
        job: JobPlan,
        url: str,
        secrets: Mapping[str, str],
        ways: tuple[Eyes, Callable[[str], None]],
    ) -> str:
        """Why what the job has deployed is not well; '' if it is. From then on it goes back."""
        case = self._case(job, url, secrets)
        if case is None:
            return ''
        try:
            bad = await Proof(ways[0], case, ways[1]).find()
        except UserError as error:
            bad = Bad('error', f'{error} ({error.hint})' if error.hint else str(error))
        if bad is None:
            return ''
        while not case.deployment.back and not case.stream.write(
            f.RollbackStarted(case.number, *bad)
        ):
            pass
        return bad.reason

    def ended(self, fact: JobFinished) -> None:
        """The job is over, whether it had begun or not."""
        stream, number = self._own.pop(fact.job, (None, 0))
        if stream is not None:
            conclusion = fact.conclusion if fact.conclusion in CONCLUSIONS else 'failure'
            self._finish(stream, number, conclusion, fact.message, fact.url)

    def aborted(self) -> Mapping[str, str]:
        """Jobs whose deployments somebody takes back, and what to tell them. Each once."""
        found = {}
        for key, (stream, number) in self._own.items():
            stream.read()
            one = stream.environment.deployments[number]
            if one.active and one.abort is not None and key not in self._told:
                found[key] = f'{one.abort.by} aborted the deployment' + _behind(one.abort.reason)
                self._told[key] = _Told(found[key], 0, 0.0)
        return found

    def _case(self, job: JobPlan, url: str, secrets: Mapping[str, str]) -> Case | None:
        """None where nothing is declared that it could be held against."""
        found = declared(self._asking.settings, job.environment)
        if found is None or not job.deployment or job.key not in self._own:
            return None
        request = self._asking.request
        own = request.environments.get(job.environment.lower(), {})
        blueprint = Blueprint(
            request.event.repository, found.name.text, self._asking.settings,
            {**own, **request.vars}, request.files,
        )  # fmt: skip
        return Case(*self._own[job.key], blueprint, url, secrets)

    # --- asking

    def _find(self, job: JobPlan) -> tuple[Stream, int]:
        """Its deployment: the one that waits since before a resume, or a new one."""
        stream = self._stream(job.environment)
        run = self._asking.run
        for one in stream.environment.deployments.values():
            if (one.request.run, one.request.job) == (run, job.key) and one.phase != Phase.ENDED:
                break
        else:
            digest = deliveries.keep(self._around.store, self._blueprint(stream.place.name))
            wanted = f.DeploymentRequested(
                0, f.JOB, self._version(), digest, self._by(), run=run, job=job.key
            )
            stamped = deliveries.request(self._around.store, stream.place.id, wanted)
            stream.read()
            assert isinstance(stamped.fact, f.DeploymentRequested)
            one = stream.environment.deployments[stamped.fact.number]
        self._own[job.key] = stream, one.number
        return self._own[job.key]

    def _stream(self, name: str) -> Stream:
        known = self._streams.get(name.lower())
        if known is None:
            store, repository = self._around.store, self._asking.request.event.repository
            place = deliveries.environment(store, repository, self._settings(name).name.text)
            known = self._streams[name.lower()] = Stream(store, place)
        return known

    def _blueprint(self, environment: str) -> str:
        request = self._asking.request
        blueprint = Blueprint(
            request.event.repository, environment, self._asking.settings, files=request.files
        )
        return blueprints.dump(blueprint)

    def _version(self) -> Version:
        event, run = self._asking.request.event, self._asking.run
        tagged = event.ref.startswith('refs/tags/')
        name = event.ref.removeprefix('refs/tags/') if tagged else event.sha[:7]
        return Version(name, event.sha, event.ref, run=run, sources=self._asking.sources)

    def _by(self) -> str:
        return self._asking.by or self._asking.request.event.actor

    def _settings(self, name: str) -> model.Environment:
        """One that `liftlock.yml` does not name has no protection, as on GitHub."""
        if name not in self._declared:
            found = declared(self._asking.settings, name)
            if found is not None and found.target is not None:
                raise Unwanted(refusal(found.name.text))
            self._declared[name] = found or model.Environment(model.Word(name))
        return self._declared[name]

    # --- judging

    def _judged(self, stream: Stream, number: int, job: JobPlan) -> str:
        """'' once its protection lets it through."""
        one = stream.environment.deployments[number]
        if one.phase is Phase.ENDED:  # somebody else has concluded it
            raise Unwanted(one.message or one.conclusion)
        if one.active:
            return ''
        if one.abort is not None:
            self._finish(stream, number, 'cancelled', f'{one.abort.by} called it off')
            raise Unwanted(f'{one.abort.by} called it off' + _behind(one.abort.reason))
        settings = self._settings(job.environment)
        now, store = time.time(), self._around.store
        last, text = stream.environment.last, self._asking.settings
        verdicts = gating.verdicts(store, one, last, text, now)
        teams = self._around.teams
        known = admission.known(store, stream.place.repository, one, settings, teams, verdicts)
        authors = (self._asking.request.event.actor,)
        if one.request.fast:  # going back waits for nobody
            judgement: Judgement = Allowed(admission.FAST)
        else:
            judgement = admission.judgement(one, settings, known, now, authors)
        match judgement:
            case Refused(reason):
                self._finish(stream, number, 'rejected', reason)
                raise Unwanted(reason)
            case Waiting() as waiting:
                return self._hold(stream, one, waiting, job.key, now)
            case Allowed(message):
                waited = one.phase is Phase.WAITING or one.held
                if waited and not stream.write(f.DeploymentAllowed(number, message)):
                    return self._judged(stream, number, job)  # somebody said something meanwhile
        return ''

    def _hold(self, stream: Stream, one: Deployment, waiting: Waiting, key: str, now: float) -> str:
        if (waiting.reason, waiting.until) != (one.held, one.held_until):
            stream.write(f.DeploymentHeld(one.number, waiting.reason, waiting.until))
        name = stream.place.name
        how = f' (liftlock approve {name})' if waiting.approvals else ''
        until = min(moment for moment in (waiting.until, now + AGAIN) if moment)
        reason = f'{name}: {waiting.reason}{how}'
        self._told[key] = _Told(reason, stream.environment.seq, until)
        return reason

    # --- the line

    def _line(self, stream: Stream, number: int, job: JobPlan) -> str:
        """'' if it is its turn."""
        self._told.pop(job.key, None)
        if not job.deployment:
            return ''
        active = stream.environment.active
        while active is not None and active.number != number and self._is_gone(active):
            conclude(self._around, stream, active)
            active = stream.environment.active
        if active is not None and active.number != number:
            return f'waits for {stream.place.name}, to which {_told(active)} deploys'
        before = [
            one
            for one in stream.environment.line
            if one.number < number and not one.held and not self._is_gone(one)
        ]
        if before:
            return f'waits for {stream.place.name}, behind {_told(before[0])}'
        return ''

    def _is_gone(self, one: Deployment) -> bool:
        request = one.request
        return (
            request.kind == f.JOB
            and request.run != self._asking.run
            and self._around.gone(request.run)
        )

    def _finish(
        self, stream: Stream, number: int, conclusion: str, message: str, url: str = ''
    ) -> None:
        while stream.environment.deployments[number].phase is not Phase.ENDED:
            fact = f.DeploymentFinished(number, conclusion, message, url=url)
            if stream.write(fact) and conclusion == 'success' and self._around.delivered:
                one = stream.environment.deployments[number]
                place, settings = stream.place, one.request.settings
                self._around.delivered(
                    Delivered(place.id, place.name, number, one.version, settings, url)
                )


def declared(settings: str, name: str) -> model.Environment | None:
    """What `liftlock.yml` says of an environment, whatever the case of its name. UserError."""
    if not settings:
        return None
    known = blueprints.settings(Blueprint('', name, settings)).environments
    return next((one for key, one in known.items() if key.lower() == name.lower()), None)


def refusal(environment: str) -> str:
    return f'Liftlock itself deploys to "{environment}": it has a target in liftlock.yml'


def _told(one: Deployment) -> str:
    request = one.request
    if request.kind == f.JOB:
        return f'job "{request.job}" of run {request.run}'
    return f'deployment {one.number} ({one.version.name})'


def _behind(text: str) -> str:
    return f': {text}' if text else ''
