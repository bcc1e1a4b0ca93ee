"""A world for jobs in tests: real processes and files, facts and lines kept in lists."""

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from liftlock.errors import UserError
from liftlock.language.expressions.values import Value
from liftlock.language.parse import parse
from liftlock.language.workflow import Job
from liftlock.plan.facts import (
    Annotated,
    JobFact,
    JobFinished,
    StepFact,
    StepFinished,
    StepStarted,
    Summarized,
)
from liftlock.plan.plan import JobPlan
from liftlock.runner import job as runner
from liftlock.runner.ports import Found, JobRequest, Served, Stop, World

REPOSITORY = 'octo/hello'


class Lines:
    """A log that keeps its lines."""

    def __init__(self) -> None:
        self.lines: list[tuple[int, str]] = []

    def write(self, number: int, line: str) -> None:
        assert '\n' not in line
        self.lines.append((number, line))

    def write_many(self, number: int, lines: str) -> None:
        assert lines.endswith('\n')
        self.lines += [(number, line) for line in lines.split('\n')[:-1]]


class NoSources:
    async def checkout(
        self,
        directory: Path,
        ref: str,
        fetch_depth: int,
        log: Callable[[str], None],
        *,
        tags: bool = False,
        submodules: str = '',
    ) -> str:
        raise AssertionError('nothing to check out')

    async def serve(self, directory: Path) -> Served:
        (directory / 'hooks').mkdir(parents=True, exist_ok=True)
        return Served()


class NoArtifacts:
    async def store(
        self,
        name: str,
        files: Sequence[tuple[str, Path]],
        *,
        merge: bool,
        overwrite: bool,
        retention_days: int,
        compression: int,
        opening: object = None,
    ) -> tuple[str, int, str]:
        raise AssertionError('no artifacts here')

    async def store_file(
        self,
        file: Path,
        mime: str,
        *,
        overwrite: bool,
        retention_days: int,
        opening: object = None,
    ) -> tuple[str, int, str]:
        raise AssertionError('no artifacts here')

    async def names(self) -> Mapping[str, str]:
        return {}

    async def fetch(self, name: str, directory: Path) -> int:
        raise AssertionError('no artifacts here')


class NoCaches:
    async def find(
        self, key: str, restore_keys: Sequence[str], version: str
    ) -> tuple[str, Path] | None:
        return None

    async def store(self, key: str, version: str, archive: Path) -> bool:
        return False


class DirectoryActions:
    """`owner/repo@ref` is the directory `owner/repo` below this one."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def remotes(self, owner_repo: str) -> Sequence[str]:
        return (str(self.root / owner_repo),)

    async def find(self, owner_repo: str, ref: str, log: Callable[[str], None]) -> Found:
        directory = self.root / owner_repo.lower()
        if not directory.is_dir():
            raise UserError(f'the action {owner_repo}@{ref} could not be had')
        return Found(directory, 'c0ffee', str(self.root))


class Played(NamedTuple):
    """What a job did."""

    finished: JobFinished
    facts: list[StepFact | JobFact]
    lines: list[tuple[int, str]]
    workspace: Path

    @property
    def text(self) -> str:
        return '\n'.join(line for _, line in self.lines)

    @property
    def steps(self) -> list[tuple[str, str]]:
        """Name and conclusion of every step, in the order in which they started."""
        ends = {f.number: f.conclusion for f in self.facts if isinstance(f, StepFinished)}
        return [(f.name, ends[f.number]) for f in self.facts if isinstance(f, StepStarted)]

    @property
    def outcomes(self) -> list[tuple[str, str]]:
        return [(f.outcome, f.conclusion) for f in self.facts if isinstance(f, StepFinished)]

    @property
    def annotations(self) -> list[Annotated]:
        return [fact for fact in self.facts if isinstance(fact, Annotated)]

    @property
    def summaries(self) -> list[str]:
        return [fact.markdown for fact in self.facts if isinstance(fact, Summarized)]

    def printed(self, number: int = 1) -> list[str]:
        """A step's lines behind its heading."""
        lines = [line for at, line in self.lines if at == number]
        end = lines.index('##[endgroup]') + 1 if '##[endgroup]' in lines else 0
        return lines[end:]


def make_plan(text: str, job: str = 'build', **more: object) -> JobPlan:
    """The plan of one job of a workflow; further fields of JobPlan by name."""
    parsed = parse('.github/workflows/ci.yml', text)
    assert parsed.workflow is not None, parsed.diagnostics
    found = parsed.workflow.jobs[job]
    assert isinstance(found, Job)
    github: dict[str, Value] = {
        'repository': REPOSITORY,
        'repository_owner': 'octo',
        'event_name': 'push',
        'event': {'ref': 'refs/heads/main', 'title': 'x'},
        'ref': 'refs/heads/main',
        'sha': '0' * 40,
        'actor': 'octocat',
        'ref_protected': False,
        'server_url': 'https://github.com',
        'workflow_ref': f'{REPOSITORY}/.github/workflows/ci.yml@refs/heads/main',
    }
    contexts: dict[str, Value] = {
        'github': github,
        'needs': {},
        'strategy': {'job-index': 0.0, 'job-total': 1.0},
        'matrix': None,
        'inputs': {},
        'vars': {'COLOUR': 'green'},
    }
    return JobPlan(job, job, found, parsed.workflow, contexts, ('ubuntu-latest',))._replace(**more)


def make_world(root: Path, **more: object) -> World:
    return World(
        sources=NoSources(),
        artifacts=NoArtifacts(),
        caches=NoCaches(),
        actions=DirectoryActions(root / 'actions'),
        tool_cache=root / 'tools',
        cache_home=root / 'caches',
        host_env={'PATH': os.environ['PATH']},
    )._replace(**more)


def make_request(plan: JobPlan, root: Path, **more: object) -> JobRequest:
    return JobRequest(plan, {}, root / 'job', f'github_{root.name}_{id(plan)}', 1)._replace(**more)


def indent(steps: str) -> str:
    """A workflow with one job `build` that has these steps."""
    body = ''.join(f'      {line}\n' for line in steps.strip('\n').splitlines())
    return f'on: push\njobs:\n  build:\n    runs-on: ubuntu-latest\n    steps:\n{body}'


def play(
    text: str,
    root: Path,
    *,
    plan: Mapping[str, object] | None = None,
    stop: Stop | None = None,
    when: Callable[[StepFact | JobFact], None] | None = None,
    world: Mapping[str, object] | None = None,
    **request: object,
) -> Played:
    """Run the job `build` of this workflow (or of a list of steps) and tell what happened."""
    text = text if 'jobs:' in text else indent(text)
    made = make_plan(text, **(plan or {}))
    log = Lines()
    facts: list[StepFact | JobFact] = []

    def report(fact: StepFact | JobFact) -> None:
        facts.append(fact)
        if when is not None:
            when(fact)

    asked = make_request(made, root, **request)

    async def scene() -> JobFinished:
        halt = stop or Stop()
        return await runner.run(asked, make_world(root, **(world or {})), report, log, halt)

    finished = asyncio.run(scene())
    return Played(finished, facts, log.lines, asked.directory / 'hello/hello')


def once_ready(
    root: Path, act: Callable[[], None], number: int = 1
) -> Callable[[StepFact | JobFact], None]:
    """Act when step `number` has made the file `ready`."""

    def watch(fact: StepFact | JobFact) -> None:
        if isinstance(fact, StepStarted) and fact.number == number:
            look()

    def look() -> None:
        if (root / 'job/hello/hello/ready').exists():
            act()
        else:
            asyncio.get_running_loop().call_later(0.01, look)

    return watch
