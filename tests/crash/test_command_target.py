"""`kill -9` at any point of a deployment by commands: it is deployed once, or known not to be.

Whoever asks again after the death does what the engine does: the same call once more.
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from places.command import DEPLOY, SETTINGS, CommandPlace

TESTS = Path(__file__).parents[1]
EVERY = 20  # so many of the lines that a deployment takes are left out, but for the dangerous ones
PATIENCE = 30.0

# Dies at the given line of ours, counted from the call that asks for the deployment.
DRIVER = """
import asyncio, json, os, sys
from pathlib import Path
from liftlock.language.settings import model
from liftlock.rollout.trouble import Trouble
from places.command import CommandPlace
from places.place import revision, settle

root, settings, last = Path(sys.argv[1]), json.loads(sys.argv[2]), int(sys.argv[3])
place = CommandPlace(root)
lines = []

def trace(frame, event, arg):
    file = frame.f_code.co_filename
    if '/liftlock/targets/' not in file:
        return None
    if event == 'line':
        lines.append(Path(file).stem)
        if len(lines) == last:
            os.kill(os.getpid(), 9)
    return trace

async def main():
    target = place.open(model.Command(**settings))
    made = revision(1, place.version('v1'), place.env)
    await target.prepare(made)
    sys.settrace(trace)
    try:
        await target.apply(made, back=False)
    except Trouble as trouble:
        return str(trouble)
    finally:
        sys.settrace(None)
    await settle(target)
    return ''

print(json.dumps({'trouble': asyncio.run(main()), 'lines': lines}))
"""


@pytest.fixture
def place(tmp_path: Path) -> CommandPlace:
    return CommandPlace(tmp_path)


def start(place: CommandPlace, *, last: int = -1, **changes: str) -> 'subprocess.Popen[str]':
    settings = json.dumps({**SETTINGS._asdict(), **changes})
    path = os.pathsep.join((str(TESTS.parent / 'src'), str(TESTS)))
    return subprocess.Popen(
        [sys.executable, '-c', DRIVER, str(place.root), settings, str(last)],
        env={**os.environ, 'PYTHONPATH': path}, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


def drive(place: CommandPlace, **changes: Any) -> dict[str, Any]:
    """What it says at its end; empty if it was killed."""
    with start(place, **changes) as process:
        said, _ = process.communicate(timeout=PATIENCE)
    return dict(json.loads(said)) if said else {}


def appear(path: Path) -> None:
    until = time.monotonic() + PATIENCE
    while not path.exists():
        assert time.monotonic() < until, f'{path} has never appeared'
        time.sleep(0.02)


def test_killed_at_any_line_it_is_deployed_once(tmp_path: Path) -> None:
    whole = drive(CommandPlace(_room(tmp_path, 'undisturbed')))
    assert whole['trouble'] == ''
    lines = whole['lines']
    points = [n for n, file in enumerate(lines, 1) if file == 'running' or not n % EVERY]
    assert len(points) < len(lines)
    outcomes = {}
    for point in points:
        place = CommandPlace(_room(tmp_path, str(point)))
        assert drive(place, last=point) == {}
        end = drive(place)
        outcomes[point] = (end['trouble'], place.calls(), place.running())
    assert set(map(str, outcomes.values())) == {str(('', ['deploy v1 r1 '], 'v1'))}


def _room(root: Path, name: str) -> Path:
    (root / name).mkdir()
    return root / name


WAITS = f'touch $PLACE/begun; while test ! -e $PLACE/go; do sleep 0.02; done\n{DEPLOY}'


def test_killed_while_the_command_runs_it_goes_on_and_is_waited_for(place: CommandPlace) -> None:
    with start(place, deploy=WAITS) as first:
        appear(place.there / 'begun')
        first.send_signal(signal.SIGKILL)
    with start(place, deploy=WAITS) as second:
        (place.there / 'go').touch()
        said, _ = second.communicate(timeout=PATIENCE)
    assert json.loads(said)['trouble'] == ''
    assert place.calls() == ['deploy v1 r1 ']


def test_killed_while_it_fails_it_has_failed(place: CommandPlace) -> None:
    fails = WAITS.replace('test ! -e broken', 'exit 3')
    with start(place, deploy=fails) as first:
        appear(place.there / 'begun')
        first.send_signal(signal.SIGKILL)
    (place.there / 'go').touch()
    assert drive(place, deploy=fails)['trouble'] == 'deploy of v1: exit code 3'
    assert place.calls() == ['deploy v1 r1 ']


# --- the keeper is killed, too

BEFORE_IT = 'echo deploy >> $PLACE/calls; kill -9 $PPID; sleep 1000'
AFTER_IT = f'{DEPLOY}\nkill -9 $PPID; sleep 1000'


@pytest.mark.parametrize('last', [-1, 60], ids=['keeper', 'both'])
def test_status_tells_that_it_is_there(place: CommandPlace, last: int) -> None:
    drive(place, deploy=AFTER_IT, last=last)
    assert drive(place, deploy=AFTER_IT)['trouble'] == ''
    assert place.calls() == ['deploy v1 r1 ']


def test_status_tells_that_it_is_not_there(place: CommandPlace) -> None:
    told = drive(place, deploy=BEFORE_IT)['trouble']
    assert told == (
        'deploy of v1: it was interrupted, and nobody knows what it has done; status: says nothing'
    )
    assert drive(place, deploy=BEFORE_IT)['trouble'] == told
    assert place.calls() == ['deploy']


def test_without_status_nobody_knows(place: CommandPlace) -> None:
    told = drive(place, deploy=AFTER_IT, status='')['trouble']
    assert told == 'deploy of v1: it was interrupted, and nobody knows what it has done'
    assert drive(place, deploy=AFTER_IT, status='')['trouble'] == told
    assert place.calls() == ['deploy v1 r1 ']


def test_what_was_interrupted_is_not_left_running(place: CommandPlace) -> None:
    command = f'echo $$ > $PLACE/pid; {BEFORE_IT}'
    assert drive(place, deploy=command)['trouble']
    stat = Path('/proc', (place.there / 'pid').read_text().strip(), 'stat')
    assert not stat.exists() or ') Z ' in stat.read_text()
