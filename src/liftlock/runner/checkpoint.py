"""What is kept of a job so that another attempt can begin at a step in its middle.

While the job runs, each step's effects are noted in memory, which costs nothing. At the end they
are written to one file, readable by its owner only: outputs and variables may be confidential.
Whoever takes up at a step repeats the notes of the steps before it, and finds workspace, HOME and
RUNNER_TEMP as they were left.
"""

# Paths are texts here: pathlib costs more than the calls themselves.
# ruff: noqa: PTH123

import json
import os
from collections.abc import Sequence
from typing import Final, TypedDict

from liftlock.language.workflow import Run, Step, Uses
from liftlock.runner.state import Effects, Frame, Job
from liftlock.runner.steps import Ended, settle, visible_id

NAME: Final = 'checkpoint.json'
VERSION: Final = 1


class NoCheckpoint(Exception):
    """The job cannot be taken up there; the message says why."""


def note(job: Job, ended: Ended) -> None:
    """Remember what a step did."""
    effects = ended.effects
    job.journal.append(
        {
            'id': ended.step.id,
            'outcome': ended.outcome,
            'conclusion': ended.conclusion,
            'env': effects.env,
            'path': effects.path,
            'outputs': effects.outputs,
        }
    )


def write(job: Job) -> None:
    """Keep the notes; a job of one step is simply run again."""
    if len(job.request.plan.job.steps) < 2:
        return
    document = {
        'version': VERSION,
        'steps': job.journal,
        'states': job.states,
        'masks': _masks(job),
        'background': job.background,
    }
    path = f'{job.directories.root}/{NAME}'
    try:
        opened = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(opened, 'wb', buffering=0) as file:
            file.write(json.dumps(document).encode())
    except OSError as error:
        job.say(f'This attempt cannot be taken up from a step: {error}')


def _masks(job: Job) -> list[str]:
    """What steps asked to hide. Secrets are not kept; whoever resumes brings them again."""
    secrets = {secret.strip() for secret in job.request.secrets.values()}
    return [mask for mask in job.masker.added if mask not in secrets]


def resume(job: Job, frame: Frame, steps: Sequence[Step]) -> int:
    """Repeat what the steps before `from_step` did; how many these are. Raises NoCheckpoint."""
    wanted = job.request.from_step
    if job.request.place.startswith('kubernetes'):
        raise NoCheckpoint('The files of a job in a pod are gone with the pod: run all of it again')
    index = find(steps, wanted)
    if index is None:
        raise NoCheckpoint(f"This job has no step '{wanted}'")
    document = _read(job)
    if document['background']:
        raise NoCheckpoint(
            'This job cannot be taken up from a step, because steps of it ran in the background'
        )
    notes = document['steps']
    for step, noted in zip(steps[:index], notes, strict=False):
        if noted['id'] != step.id:
            raise NoCheckpoint(f"The job's steps have changed since that attempt: '{step.id}'")
    if len(notes) < index:
        raise NoCheckpoint(f"The attempt before did not come as far as step '{wanted}'")
    job.states.update(document['states'])
    for mask in document['masks']:
        job.masker.add(mask)
    for step, noted in zip(steps[:index], notes, strict=False):
        effects = Effects()
        effects.env, effects.path = noted['env'], noted['path']
        effects.outputs = noted['outputs']
        settle(frame, Ended(step, noted['outcome'], noted['conclusion'], effects))
        note(job, Ended(step, noted['outcome'], noted['conclusion'], effects))
    job.say(f'Taken up at step {index + 1} from what the attempt before left behind')
    return index


class _Noted(TypedDict):
    """One step in the file."""

    id: str
    outcome: str
    conclusion: str
    env: dict[str, str]
    path: list[str]
    outputs: dict[str, str]


class _Document(TypedDict):
    version: int
    steps: list[_Noted]
    states: dict[str, dict[str, str]]
    masks: list[str]
    background: bool


def _read(job: Job) -> _Document:
    try:
        with open(f'{job.directories.root}/{NAME}', encoding='utf-8') as file:
            document: _Document = json.load(file)
    except (OSError, ValueError):
        raise NoCheckpoint('The attempt before left nothing behind to go on from') from None
    if document.get('version') != VERSION:
        raise NoCheckpoint('The attempt before was made by another version of Liftlock')
    return document


def find(steps: Sequence[Step], wanted: str) -> int | None:
    """A step by its id, its name as written in the file, or its number from 1."""
    for index, step in enumerate(steps):
        if wanted in (visible_id(step), _written_name(step)):
            return index
    if wanted.isdecimal() and 0 < int(wanted) <= len(steps):
        return int(wanted) - 1
    return None


def _written_name(step: Step) -> str:
    from liftlock.language.template import Literal
    from liftlock.runner import names

    if isinstance(step.name, Literal):
        return str(step.name.value)
    if step.name is None:
        match step.does:
            case Run(Literal(script)):
                return names.of_script(str(script))
            case Uses(reference):
                return names.of_action(str(reference.value))
    return ''
