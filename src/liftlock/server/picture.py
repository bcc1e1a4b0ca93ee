"""One run as its page shows it: what its facts tell of one attempt, and the workflow behind it."""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

from liftlock.engine.inline import Inline
from liftlock.engine.telling import board as folded
from liftlock.errors import UserError
from liftlock.language.figures import duration
from liftlock.language.records import NamedTuple
from liftlock.language.template import Literal
from liftlock.language.workflow import AnyJob
from liftlock.plan import facts as f
from liftlock.plan import make
from liftlock.plan.board import ENDED, Board, Job
from liftlock.plan.plan import Plan
from liftlock.server.graph import Node, worst
from liftlock.store import runs
from liftlock.store.database import Store
from liftlock.store.runs import Run

REMEMBERED: Final = 64  # plans: making one again takes some milliseconds


class Attempt(NamedTuple):
    """`conclusion` is '' while it goes on."""

    number: int
    at: float
    conclusion: str


class Picture(NamedTuple):
    """`claims` tells which attempt at each job this attempt of the run has seen last."""

    run: Run
    attempt: int
    attempts: tuple[Attempt, ...]
    board: Board
    claims: Mapping[str, int]
    plan: Plan | None
    seq: int
    facts: tuple[f.Stamped, ...] = ()


class Plans:
    """Plans of runs, made again from what they were asked for."""

    def __init__(self, engine: Inline) -> None:
        self._engine = engine
        self._known: OrderedDict[int, Plan | None] = OrderedDict()

    def of(self, run: int) -> Plan | None:
        """None where this version plans otherwise, or cannot read it."""
        if run not in self._known:
            try:
                made = make.make(self._engine.submission(run).request)
                self._known[run] = made if isinstance(made, Plan) else None
            except (UserError, KeyError, ValueError, TypeError):
                self._known[run] = None
            if len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        return self._known[run]


def draw(store: Store, plans: Plans, run: int, attempt: int = 0) -> Picture:
    """0 is the newest attempt. UserError if there is no such run."""
    row = runs.find(store, str(run))
    facts = store.facts(run)
    seq = facts[-1].seq if facts else 0
    attempts = tuple(_attempts(facts))
    chosen = attempt if any(one.number == attempt for one in attempts) else row.attempt
    if chosen != row.attempt:
        facts = _until(facts, chosen)
    claims = {one.fact.job: one.fact.attempt for one in facts if isinstance(one.fact, f.JobClaimed)}
    plan, board = plans.of(run), folded(facts)
    _name_all(board, plan)
    return Picture(row, chosen, attempts, board, claims, plan, seq, tuple(facts))


def _name_all(board: Board, plan: Plan | None) -> None:
    """Of a job that nobody could take no fact tells the name."""
    for key, job in plan.workflow.jobs.items() if plan else ():
        if key in board.jobs and board.jobs[key].name == key:
            board.jobs[key].name = _name(key, job, [])


def stopping(picture: Picture) -> bool:
    """Whether somebody has asked this attempt as a whole to stop."""
    for stamped in reversed(picture.facts):
        match stamped.fact:
            case f.StopRequested(job=''):
                return True
            case f.RunRestarted() | f.RunFinished():
                return False
            case _:
                pass
    return False


def _attempts(facts: list[f.Stamped]) -> list[Attempt]:
    found: list[Attempt] = []
    for stamped in facts:
        match stamped.fact:
            case f.RunSubmitted():
                found.append(Attempt(1, stamped.at, ''))
            case f.RunRestarted(number):
                found.append(Attempt(number, stamped.at, ''))
            case f.RunFinished(conclusion) if found:
                found[-1] = found[-1]._replace(conclusion=conclusion)
            case _:
                pass
    return found


def _until(facts: list[f.Stamped], attempt: int) -> list[f.Stamped]:
    for index, stamped in enumerate(facts):
        if isinstance(stamped.fact, f.RunRestarted) and stamped.fact.attempt > attempt:
            return facts[:index]
    return facts


# --- the graph


def nodes(picture: Picture, now: float) -> list[Node]:
    """One for each job of the workflow file, in its order; what was not planned is left out."""
    board, known = picture.board, picture.plan
    if known is None:
        return [_node(picture, job.key, job.name, (), [job], now) for job in board.jobs.values()]
    found = []
    for identity, job in known.workflow.jobs.items():
        legs = [one for key, one in board.jobs.items() if root(key) == identity]
        if not legs and (board.conclusion or known.request.only_jobs):
            continue
        needs = tuple(str(need.value) for need in job.needs)
        found.append(_node(picture, identity, _name(identity, job, legs), needs, legs, now))
    return found


def root(key: str) -> str:
    """`test[2]` and `deploy/smoke` grew out of the jobs `test` and `deploy` of the file."""
    return key.partition('/')[0].partition('[')[0]


def _name(identity: str, job: AnyJob, legs: list[Job]) -> str:
    if len(legs) == 1:
        return legs[0].name
    return str(job.name.value) if isinstance(job.name, Literal) else identity


def _node(
    picture: Picture, identity: str, name: str, needs: tuple[str, ...], legs: list[Job], now: float
) -> Node:
    state = worst(leg.state for leg in legs)
    shown = next((leg for leg in legs if leg.state == state), None)
    begun = [leg.started for leg in legs if leg.started]
    ended = [leg.finished or now for leg in legs if leg.started]
    note = duration(max(ended) - min(begun)) if begun else ''
    return Node(
        id=identity,
        name=name,
        state=state,
        href=address(picture, shown.key) if shown and shown.key in picture.claims else '',
        needs=needs,
        done=sum(leg.state in ENDED for leg in legs),
        legs=max(len(legs), 1),
        note=note,
    )


def address(picture: Picture, key: str) -> str:
    """Of the job's log."""
    old = f'?attempt={picture.attempt}' if picture.attempt != picture.run.attempt else ''
    return f'/runs/{picture.run.id}/jobs/{quote(key, safe="")}{old}'


def needs(picture: Picture) -> dict[str, list[str]]:
    """By the key of each job the keys of those that it needs; of a called workflow what its caller
    needs."""
    keys: dict[str, list[str]] = {}
    for key in picture.board.jobs:
        keys.setdefault(root(key), []).append(key)
    known = picture.plan.workflow.jobs if picture.plan else {}
    before = {
        name: [key for need in job.needs for key in keys.get(str(need.value), ())]
        for name, job in known.items()
    }
    return {key: before.get(root(key), []) for key in picture.board.jobs}


def bars(picture: Picture, now: float) -> Mapping[str, tuple[float, float]]:
    """Where each job stands in the time of the attempt: (begin, length), in percent."""
    jobs = [job for job in picture.board.jobs.values() if job.started]
    if not jobs:
        return {}
    first = min(job.started for job in jobs)
    whole = max(max(job.finished or now for job in jobs) - first, 0.001)
    return {
        job.key: (
            round((job.started - first) / whole * 100, 2),
            round(max(job.seconds(now) / whole * 100, 0.6), 2),
        )
        for job in jobs
    }
