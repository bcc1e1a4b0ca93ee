"""Which node runs an action, whatever `setup-node` has set up for the job's own use.

Since June 2026 GitHub runs everything that says node12, node16 or node20 on node 24, unless the
workflow insists on 20. Rules: GitHub's runner (HandlerFactory, NodeUtil).
"""

import asyncio
import functools
import os
import subprocess
from collections.abc import Mapping
from typing import Final

from liftlock.language.workflow import Uses
from liftlock.runner.actions import externals
from liftlock.runner.executors.base import CannotStart, Leash
from liftlock.runner.turn import Turn
from liftlock.runner.workbench import StepFailed

NEWEST: Final = 24
_OLD: Final = 20
_OLDEST_THAT_WORKS: Final = 16  # what was written for newer ones may still run there
_ANSWERS_WITHIN: Final = 60.0  # seconds
_FORCE: Final = 'FORCE_JAVASCRIPT_ACTIONS_TO_NODE24'
_ALLOW: Final = 'ACTIONS_ALLOW_USE_UNSECURE_NODE_VERSION'
_TRUE: Final = frozenset({'1', 'true', '$true'})
_BOTH: Final = (
    f'Both {_FORCE} and {_ALLOW} environment variables are set to true in the workflow '
    'environment. This is likely a configuration error. Using the default Node version: '
    f'node{NEWEST}.'
)


def choose(using: str, env: Mapping[str, str]) -> int:
    """The major on which GitHub runs an action that says `using: node…`."""
    if using.lower() == f'node{NEWEST}' or is_contradictory(env):
        return NEWEST
    return _OLD if _is_true(env, _ALLOW) else NEWEST


def is_contradictory(env: Mapping[str, str]) -> bool:
    return _is_true(env, _ALLOW) and _is_true(env, _FORCE)


def _is_true(env: Mapping[str, str], name: str) -> bool:
    return env.get(name, '').lower() in _TRUE


async def find(turn: Turn, using: str) -> str:
    """The executable, as this machine calls it. Raises StepFailed and OSError."""
    if is_contradictory(turn.env):
        turn.record.annotate('warning', _BOTH)
    major = choose(using, turn.env)
    executable, exact = await _pick(turn, major)
    moved = exact and major == NEWEST and using.lower() != f'node{NEWEST}'
    if moved and isinstance(turn.step.does, Uses):
        turn.job.moved.add(str(turn.step.does.reference.value))
    if turn.job.workplace.inside(executable) != executable:
        return await _for_container(turn, major, executable)
    return executable


async def _for_container(turn: Turn, major: int, executable: str) -> str:
    """Official builds need the C library that most systems have. Where a container has another
    one, its own node runs actions; it is tried once a job."""
    note = f'node {major} runs there'
    if note in turn.job.told or await _ask_there(turn, executable):
        turn.job.told.add(note)
        return executable
    has = await _ask_there(turn, 'node')
    if has < _OLDEST_THAT_WORKS:
        raise StepFailed(
            f'This action needs node {major}, whose official builds do not start in this '
            "container: it may be made with another C library, as Alpine's are. Take an image "
            f'that has node itself, as node:{major}-alpine'
        )
    return 'node'


async def _ask_there(turn: Turn, executable: str) -> int:
    """Its major; 0 for what cannot be started by the job's processes."""
    job = turn.job
    said: list[bytes] = []
    place = job.directories.workspace
    leash = Leash(turn.leash)
    alarm = asyncio.get_running_loop().call_later(_ANSWERS_WITHIN, leash.kill)
    try:
        command = (executable, '--version')
        await job.workplace.run(command, job.base, place, said.append, leash)
    except CannotStart:
        return 0
    finally:
        alarm.cancel()
    return _major(b''.join(said).decode('utf-8', 'replace'))


async def _pick(turn: Turn, major: int) -> tuple[str, bool]:
    """One that was fetched before, the machine's own of that major, one fetched now; and where
    nothing can be fetched, the machine's own of another major: that is False."""
    world = turn.job.world
    kept = externals.find(world, major)
    if kept is not None:
        return str(kept), True
    own = turn.job.workplace.find('node', turn.job.base['PATH']) or ''
    has = await asyncio.to_thread(_ask, own) if own.startswith('/') else 0
    if not own:  # the job's, which nobody but the job may start
        own = turn.job.workplace.find('node', turn.job.search_path(turn.env)) or ''
        has = await _ask_there(turn, own) if own.startswith('/') else 0
    if has == major or (own and world.externals is None):
        return own, has == major
    try:
        return str(await externals.fetch(world, major, turn.record.say)), True
    except externals.CannotFetch as error:
        if not own or has in range(1, _OLDEST_THAT_WORKS):
            raise StepFailed(_missing(major, error, own, has)) from None
        _tell_once(turn, major, error, own, has)
        return own, False


@functools.cache
def _ask(executable: str) -> int:
    """Its major; 0 for what can't be started, or is none. Asked once a process."""
    try:
        told = subprocess.run(
            (executable, '--version'),
            capture_output=True,
            text=True,
            timeout=10,
            env={'PATH': os.environ.get('PATH', ''), 'HOME': '/nonexistent'},
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return 0
    return _major(told)


def _major(told: str) -> int:
    number = told.strip().removeprefix('v').partition('.')[0]
    return int(number) if number.isdecimal() else 0


def _missing(major: int, why: Exception, own: str, has: int) -> str:
    found = f'{own} is node {has}' if own else 'there is no `node` on PATH'
    return (
        f'This action needs node {major}, which could not be fetched ({why}), and {found}. '
        f'Install Node.js {major} with npm'
    )


def _tell_once(turn: Turn, major: int, why: Exception, own: str, has: int) -> None:
    """Once a job: each has a log of its own."""
    note = f'node {major}'
    if note in turn.job.told:
        return
    turn.job.told.add(note)
    version = f', node {has}' if has else ''
    turn.record.say(
        f'node {major}, on which GitHub runs this action, is not here and could not be fetched '
        f'({why}); {own}{version} runs it instead'
    )
