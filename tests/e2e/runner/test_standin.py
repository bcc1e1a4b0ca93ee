"""Stand-ins in a real job: what the programs say that they ask, and how they are stopped."""

from pathlib import Path

from fakes import once_ready, play
from liftlock.plan.facts import StepFinished, StepStarted
from liftlock.runner.ports import Stop


def install(root: Path, program: str, script: str) -> dict[str, str]:
    """A program of that name, and the variables of a machine that has nothing else."""
    folder = root / 'bin'
    folder.mkdir(exist_ok=True)
    (folder / program).write_text(f'#!/bin/sh\n{script}\n')
    (folder / program).chmod(0o755)
    return {'PATH': f'{folder}:/usr/bin:/bin', 'NVM_DIR': str(root / 'no-nvm')}


def test_a_warning_does_not_spoil_the_answer_of_a_program(tmp_path: Path) -> None:
    env = install(tmp_path, 'node', 'echo "(node:1) Warning: old" >&2; echo v31.1.2')
    played = play(
        """
- id: node
  uses: actions/setup-node@v4
  with: {node-version: 31}
- run: echo ${{ steps.node.outputs.node-version }}
""",
        tmp_path,
        world={'host_env': env},
    )
    assert played.printed(2) == ['v31.1.2']


def test_what_a_failed_program_said_is_in_the_log(tmp_path: Path) -> None:
    env = install(tmp_path, 'npm', 'echo this machine is not in the network >&2; exit 1')
    played = play(
        '- {uses: actions/setup-node@v4, with: {node-version: 31}}',
        tmp_path,
        world={'host_env': env},
    )
    assert 'this machine is not in the network' in played.printed(1)
    assert "Unable to find Node version '31'" in played.annotations[0].message


def test_a_stand_in_that_is_stopped_blames_nobody(tmp_path: Path) -> None:
    env = install(tmp_path, 'npm', 'touch ready; exec sleep 60')
    stop = Stop()
    played = play(
        '- {uses: actions/setup-node@v4, with: {node-version: 31}}\n- run: echo after',
        tmp_path,
        stop=stop,
        when=once_ready(tmp_path, lambda: stop.request('by hand')),
        world={'host_env': env},
    )
    assert played.finished.conclusion == 'cancelled'
    assert [found.message for found in played.annotations] == ['The operation was canceled.']


def test_a_skipped_step_is_known_as_such_from_its_first_moment(tmp_path: Path) -> None:
    played = play('- run: exit 1\n- run: echo never\n- {run: echo last, if: always()}', tmp_path)
    started = [fact for fact in played.facts if isinstance(fact, StepStarted)]
    assert [fact.skipped for fact in started] == [False, True, False]
    ended = {f.number: f.conclusion for f in played.facts if isinstance(f, StepFinished)}
    assert {f.number for f in started if f.skipped} == {
        number for number, conclusion in ended.items() if conclusion == 'skipped'
    }
