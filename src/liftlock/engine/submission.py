"""What is handed to the engine when a run begins, and what it needs again to take one up."""

import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Protocol

from liftlock.language.expressions.values import Value
from liftlock.language.records import NamedTuple
from liftlock.plan import wire
from liftlock.plan.calls import secrets_for
from liftlock.plan.facts import JobFinished, Stamped
from liftlock.plan.plan import JobPlan, Request
from liftlock.runner.ports import JobRequest, Log, Report, Shell, Stop, World
from liftlock.store import runs

if TYPE_CHECKING:
    from liftlock.engine.delivery.orphans import Delivered
    from liftlock.engine.delivery.proof import Eyes


class Retention(NamedTuple):
    """Seconds: artifacts from their making, logs from the end of the run."""

    artifacts: float = runs.KEPT
    logs: float = runs.KEPT


class Submission(NamedTuple):
    """One run to be. All of it is kept in the store, so nothing in it may be secret.

    The request's `run_id` and `run_number` are given by the store. `keep` is JSON for whoever
    builds the world again when the run is resumed: where the snapshot lies, say.
    """

    request: Request
    name: str  # the workflow's
    title: str  # run-name, or the commit's subject
    keep: Mapping[str, Value] = {}
    secrets: tuple[str, ...] = ()  # names only
    allow_missing_runners: bool = False
    otherwise: str = 'host'  # where jobs run that no label sends elsewhere
    settings: str = ''  # the text of liftlock.yml, where a job may deploy to an environment
    retention: Retention = Retention()
    retries: Mapping[str, int] = {}  # how often a job starts again that had begun, and was lost
    priority: int = 0  # of its jobs on many machines, higher first; 0 = by what they are about
    cause: str = ''  # what made the run; the same one makes no second


class Watch(Protocol):
    """Told what happens while it happens. Facts and lines are masked before they come here."""

    def take(self, stamped: Stamped) -> None: ...

    def hear(self, job: str, number: int, lines: str) -> None:
        """Whole lines of a step's output, each ended by a line feed."""
        ...


RunJob = Callable[[JobRequest, World, Report, Log, Stop], Awaitable[JobFinished]]


class Hands(NamedTuple):
    """What the engine has done by others; the wiring names them."""

    world: Callable[[int, Submission], World]  # of one run; called once a carrying-out
    run_job: RunJob
    end_leftovers: Callable[[str], None]  # kill what carries this RUNNER_TRACKING_ID
    # Forget sources that were last used before a moment, but for those of runs with such a `keep`.
    prune: Callable[[float, Callable[[], Iterable[Mapping[str, Value]]]], None]
    # Hears of every job that has deployed to an environment successfully.
    delivered: 'Callable[[Delivered], None] | None' = None
    # What looks at it before; without, a job that has ended well has deployed well.
    eyes: 'Callable[[], Eyes] | None' = None


class Terms(NamedTuple):
    """What a person adds when a run is carried out; none of it is stored.

    `secrets` are those given by hand. `stored` gives those that the store keeps, by environment in
    lower case ('' for the repository's); it is asked when a job begins, as it may have waited for
    days. `by` is who starts it, if not whom the event names.
    `restart_lost`: jobs that were running when their engine died start again, unless they
    deploy. Without it only jobs of which no step had started do.
    """

    secrets: Mapping[str, str] = {}
    stored: Callable[[], Mapping[str, Mapping[str, str]]] = dict
    by: str = ''
    shell_on_failure: Shell | None = None
    restart_lost: bool = True


def secrets_of(job: JobPlan, terms: Terms) -> dict[str, str]:
    """What the job may see: what was given by hand before its environment's own, and those before
    the repository's. An environment's secrets are there in a called workflow, too, whatever the
    caller hands on."""
    stored = terms.stored()
    found = secrets_for(job, {**stored.get('', {}), **terms.secrets})
    own = stored.get(job.environment.lower(), {}) if job.environment else {}
    return {**found, **{name: terms.secrets.get(name, value) for name, value in own.items()}}


def dump(submission: Submission) -> str:
    """The text that the store keeps."""
    rest = submission._asdict()
    del rest['request']
    return json.dumps({**rest, 'request': wire.dump_request(submission.request)}, sort_keys=True)


def load(text: str) -> Submission:
    """What `dump` wrote."""
    data = json.loads(text)
    data = {name: data[name] for name in Submission._fields if name in data}
    data['request'] = wire.load_request(data['request'])
    data['secrets'] = tuple(data['secrets'])
    data['retention'] = Retention(*data.get('retention', ()))
    return Submission(**data)
