"""Plays one case of the rules: its workflow runs for real, from the event to the last job.

A case is a YAML file of two documents, parted by a line `---`. The first is the workflow, or a
list of steps for one job `build`. The second says what goes in and what must come out:

rule        the rule in a sentence
event, payload, ref, inputs, vars, secrets, env, debug        what the run is given
files       the repository, path → text; `actions/checkout` brings it
actions     actions of others, `owner/repo/path` → text
cancel      once this line is printed the run is asked to stop

run         its conclusion, `success` if nothing is said
jobs        the jobs and their conclusions, all of them, in the order of their ends
steps       `name: conclusion` in the order of starting, or `name: outcome/conclusion` where the
            two differ; of the job `build`, or a mapping of such lists by job
prints      lines that stand in the log as they are, in this order; of all jobs, or by job;
            `…` is anything
never       what stands in no line that a step printed
hidden      what stands nowhere at all, in no line and no fact
annotations all of them: `level: message`, or a mapping of what is to be compared
summaries   all of them
outputs     of jobs
title       of the run
messages    why a job ended as it did, by job
refused     what is wrong with the files, so that nothing runs
"""

import asyncio
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from fakes import REPOSITORY, DirectoryActions, NoArtifacts, NoCaches, indent
from liftlock.engine.inline import Inline
from liftlock.engine.submission import Hands, Submission, Terms
from liftlock.plan import facts as f
from liftlock.plan import make as plans
from liftlock.plan import wire
from liftlock.plan.event import Event
from liftlock.plan.payload import as_value
from liftlock.plan.plan import Plan, Request
from liftlock.runner import job
from liftlock.runner.ports import Served, Stop, World
from liftlock.store.database import open_store
from pretend import Watching

WORKFLOW = '.github/workflows/ci.yml'
SCRIPT = '\x1b[36;1m'  # before each line of a script, where the log shows what is going to run


class Case(NamedTuple):
    name: str
    workflow: str
    said: dict[str, Any]


def read(path: Path) -> Case:
    workflow, _, said = path.read_text().partition('\n---\n')
    return Case(path.stem, workflow if 'jobs:' in workflow else indent(workflow), _load(said))


def _load(text: str) -> dict[str, Any]:
    loaded = yaml.load(text, yaml.CSafeLoader)
    assert isinstance(loaded, dict)
    return loaded


class Files:
    """Sources that are written in the case."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self._files = files

    async def checkout(
        self,
        directory: Path,
        ref: str,
        fetch_depth: int,
        log: Callable[[str], None],
        **more: object,
    ) -> str:
        (directory / '.git').mkdir()
        write(directory, self._files)
        return 'c' * 40

    async def serve(self, directory: Path) -> Served:
        (directory / 'hooks').mkdir(parents=True, exist_ok=True)
        return Served()


def write(directory: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


class Seen(Watching):
    """Remembers, and asks the run to stop when a line comes."""

    def __init__(self, cancel: str | None) -> None:
        super().__init__()
        self.stop = Stop()
        self._cancel = cancel

    def hear(self, job: str, number: int, lines: str) -> None:
        super().hear(job, number, lines)
        if self._cancel is not None and self._cancel in lines.splitlines():
            self.stop.request('asked to stop')

    def text(self, job: str | None = None) -> list[str]:
        lines = [text for key, _, text in self.lines if job in (None, key)]
        return ''.join(lines).split('\n')[:-1]

    @property
    def everything(self) -> str:
        facts = (wire.line(f.Stamped(0, 0, 0.0, fact)) for fact in self.facts)
        return '\n'.join((*self.text(), *facts))


class Played(NamedTuple):
    """`refused` are the mistakes for which nothing ran."""

    conclusion: str
    seen: Seen
    title: str = ''
    refused: tuple[str, ...] = ()

    def all(self, kind: type[Any]) -> list[Any]:
        return [fact for fact in self.seen.facts if isinstance(fact, kind)]

    @property
    def jobs(self) -> dict[str, str]:
        ended: dict[str, str] = {}
        for fact in self.seen.facts:
            if isinstance(fact, f.JobFinished):
                ended[fact.job] = fact.conclusion
            elif isinstance(fact, f.JobSkipped):
                ended[fact.job] = 'skipped'
        return ended

    def steps(self, job: str) -> list[dict[str, str]]:
        ends = {fact.number: fact for fact in self.all(f.StepFinished) if fact.job == job}
        starts = [fact for fact in self.all(f.StepStarted) if fact.job == job]
        return [{start.name: _ended(ends[start.number])} for start in starts]


def _ended(fact: f.StepFinished) -> str:
    same = fact.outcome == fact.conclusion
    return fact.outcome if same else f'{fact.outcome}/{fact.conclusion}'


def _request(case: Case) -> Request:
    said = case.said
    event = Event(
        name=said.get('event', 'push'),
        payload=as_value(said.get('payload', {})),  # type: ignore[arg-type]
        ref=said.get('ref', 'refs/heads/main'),
        sha='a' * 40,
        repository=REPOSITORY,
        actor='octocat',
    )
    files = {WORKFLOW: case.workflow, **said.get('files', {})}
    given = {name: said.get(name, {}) for name in ('inputs', 'vars', 'env')}
    return Request(event, WORKFLOW, files, 0, 0, debug=said.get('debug', False), **given)


def play(case: Case, root: Path) -> Played:
    request = _request(case)
    seen = Seen(case.said.get('cancel'))
    made = plans.make(request)
    if isinstance(made, plans.Refused):
        return Played('refused', seen, '', tuple(found.message for found in made.diagnostics))
    assert isinstance(made, Plan), made
    write(root / 'actions', case.said.get('actions', {}))
    store = open_store(root / 'state')
    try:
        engine = Inline(store, _hands(root, case), slots=2)
        secrets: dict[str, str] = case.said.get('secrets', {})
        run = engine.submit(Submission(request, made.name, made.title, secrets=tuple(secrets)))
        work = engine.carry_out(run, Terms(secrets), seen, seen.stop)
        return Played(asyncio.run(asyncio.wait_for(work, 120)), seen, made.title)
    finally:
        store.close()


def _hands(root: Path, case: Case) -> Hands:
    world = World(
        sources=Files(case.said.get('files', {})),
        artifacts=NoArtifacts(),
        caches=NoCaches(),
        actions=DirectoryActions(root / 'actions'),
        tool_cache=root / 'tools',
        cache_home=root / 'caches',
        host_env={'PATH': os.environ['PATH']},
    )
    return Hands(lambda run, submission: world, job.run, lambda mark: None, lambda *_: None)
