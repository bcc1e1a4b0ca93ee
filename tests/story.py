"""Runs told in facts: a plan from a workflow's text, and an engine that only answers commands.

Nothing here waits or works; who writes a test says how each job ends.
"""

from collections.abc import Mapping
from typing import Any

from liftlock.plan import commands as c
from liftlock.plan import facts as f
from liftlock.plan.event import Event, RepositoryFacts, push
from liftlock.plan.make import Lacking, Refused, make
from liftlock.plan.plan import Plan, Request
from liftlock.plan.progress import Progress, advance, begin, decide

PATH = '.github/workflows/ci.yml'
REPOSITORY = RepositoryFacts('octo', 'demo', 'main', 'a' * 40, actor='mona')
HEAD = 'on: push\njobs:\n'


def request(text: str, event: Event | None = None, **options: Any) -> Request:
    files = {PATH: text, **options.pop('files', {})}
    return Request(event or push(REPOSITORY), PATH, files, run_id=1, run_number=1, **options)


def plan(text: str, event: Event | None = None, **options: Any) -> Plan:
    """The plan of a workflow that is right. `files` are those that it calls."""
    made = make(request(text, event, **options))
    assert isinstance(made, Plan), made
    return made


def refusal(text: str, **options: Any) -> list[str]:
    """Why no plan can be made: messages with their places."""
    made = make(request(text, **options))
    assert isinstance(made, Refused), made
    return [
        f'{one.file} (Line: {one.span.line}, Col: {one.span.column}): {one.message}'
        for one in made.diagnostics
    ]


def lacking(text: str, **options: Any) -> tuple[str, ...]:
    made = make(request(text, **options))
    assert isinstance(made, Lacking), made
    return made.references


def key(command: c.Command) -> str:
    match command:
        case c.Queue(job):
            return job.key
        case c.Finish():
            return ''
        case _:
            return command.job


def told(command: c.Command) -> str:
    """A command in a few words: `Queue build`, `Finish success`."""
    last = command.conclusion if isinstance(command, c.Finish) else key(command)
    return f'{type(command).__name__} {last}'


class Story:
    """A run that goes on as the test says.

    story = Story(HEAD + '...')
    assert story.now() == ['Queue build']
    story.ends('build')            # queued, claimed, a step started, finished
    """

    def __init__(self, text: str, **options: Any) -> None:
        self.plan = plan(text, **options)
        self.progress: Progress = begin(self.plan)
        self.facts: list[f.Fact] = []
        self.commands: list[c.Command] = []

    def now(self) -> list[str]:
        """What became due since the last time, in a few words; skips and the like are answered."""
        words = []
        while fresh := decide(self.progress):
            for command in fresh:
                self.commands.append(command)
                words.append(told(command))
                self._answer(command)
        return words

    def _answer(self, command: c.Command) -> None:
        match command:
            case c.Skip(job, name, reason):
                self.take(f.JobSkipped(job, name, reason))
            case c.Refuse(job, _, message):
                self.take(f.JobFinished(job, 'failure', {}, message))
            case c.Leave(job, conclusion):
                self.take(f.JobFinished(job, conclusion, {}))
            case c.Finish(conclusion):
                self.take(f.RunFinished(conclusion))
            case _:
                pass

    def take(self, *facts: f.Fact) -> None:
        for fact in facts:
            self.facts.append(fact)
            advance(self.progress, fact)

    def runs(self, *jobs: str) -> None:
        for job in jobs:
            name = self.names().get(job, job)
            self.take(f.JobQueued(job, name, ()), f.JobClaimed(job, 1, 1, 'w'))
            self.take(f.StepStarted(job, 1, '', 'first'))

    def ends(self, job: str, conclusion: str = 'success', **outputs: str) -> list[str]:
        """The job runs from beginning to end, and what is due then."""
        self.runs(job)
        return self.finishes(job, conclusion, **outputs)

    def finishes(self, job: str, conclusion: str = 'success', **outputs: str) -> list[str]:
        self.take(f.JobFinished(job, conclusion, outputs))
        return self.now()

    def why(self, job: str) -> str:
        """The reason that the last command for this job gave."""
        last = next(one for one in reversed(self.commands) if key(one) == job)
        match last:
            case c.Skip(_, _, reason) | c.Stop(_, reason, _):
                return reason
            case c.Refuse(_, _, message):
                return message
        raise AssertionError(last)

    def queued(self, job: str) -> Any:
        """The JobPlan that was asked to be queued."""
        return next(
            one.job for one in self.commands if isinstance(one, c.Queue) and one.job.key == job
        )

    def names(self) -> Mapping[str, str]:
        return {one.job.key: one.job.name for one in self.commands if isinstance(one, c.Queue)}
