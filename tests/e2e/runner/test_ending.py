"""Jobs that are cancelled, take too long, or whose machine fails them."""

import asyncio
import errno
import os
import time
from pathlib import Path

import pytest

import fakes
from fakes import make_plan, make_request, make_world, once_ready, play
from liftlock.plan.facts import JobFinished
from liftlock.runner import job as runner
from liftlock.runner import steps
from liftlock.runner.ports import Stop

CANCELLED = ('cancelled', 'cancelled')
SUCCESS = ('success', 'success')
SKIPPED = ('skipped', 'skipped')
TRAPPED = "trap 'echo interrupted; exit 1' INT; touch ready; while :; do sleep 0.05; done"


def test_a_cancelled_job_runs_only_what_still_wants_to(tmp_path: Path) -> None:
    stop = Stop()
    played = play(
        f"""
- run: "{TRAPPED}"
- run: echo never
- run: echo ${{{{ job.status }}}}
  if: always()
- run: echo cancelled
  if: cancelled()
- run: echo failed
  if: failure()
""",
        tmp_path,
        stop=stop,
        when=once_ready(tmp_path, lambda: stop.request('by hand')),
    )
    assert played.outcomes == [CANCELLED, SKIPPED, SUCCESS, SUCCESS, SKIPPED]
    assert played.printed(1)[0] == 'interrupted'
    assert played.printed(3) == ['cancelled']
    assert (played.finished.conclusion, played.finished.message) == ('cancelled', 'by hand')
    assert played.annotations[0].message == 'The operation was canceled.'


def test_a_running_step_whose_condition_still_holds_goes_on(tmp_path: Path) -> None:
    stop = Stop()

    def ask() -> None:
        stop.request('by hand')
        (tmp_path / 'job/hello/hello/stopped').touch()

    played = play(
        '- run: touch ready; until test -e stopped; do sleep 0.02; done; sleep 0.2; echo finished\n'
        '  if: always()\n- run: echo never',
        tmp_path,
        stop=stop,
        when=once_ready(tmp_path, ask),
    )
    assert played.outcomes == [SUCCESS, SKIPPED]
    assert played.printed(1) == ['finished']
    assert played.finished.conclusion == 'cancelled'


def test_a_forced_stop_ends_everything_at_once(tmp_path: Path) -> None:
    stop = Stop()
    started = time.monotonic()
    played = play(
        '- run: trap "" INT TERM; touch ready; sleep 60\n  if: always()\n'
        '- run: echo never\n  if: always()',
        tmp_path,
        stop=stop,
        when=once_ready(tmp_path, lambda: stop.request('by hand', force=True)),
    )
    assert time.monotonic() - started < 30
    assert played.outcomes == [CANCELLED]
    assert played.finished.conclusion == 'cancelled'


def test_a_stop_inside_a_composite_action_reaches_its_step(tmp_path: Path) -> None:
    folder = tmp_path / 'actions/octo/waits'
    folder.mkdir(parents=True)
    (folder / 'action.yml').write_text(
        'name: w\nruns:\n  using: composite\n  steps:\n'
        f'  - {{shell: bash, run: "{TRAPPED}"}}\n  - {{shell: bash, run: echo never}}\n'
    )
    stop = Stop()
    played = play(
        '- uses: octo/waits@v1',
        tmp_path,
        stop=stop,
        when=once_ready(tmp_path, lambda: stop.request('by hand')),
    )
    assert played.outcomes == [CANCELLED]
    assert 'never' not in played.printed(1)


def test_a_step_that_takes_too_long_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, 'MINUTE', 0.1)
    played = play(
        f"""
- name: slow
  run: "{TRAPPED}"
  timeout-minutes: 3
- run: echo failed
  if: failure()
""",
        tmp_path,
    )
    assert played.outcomes == [('failure', 'failure'), SUCCESS]
    assert played.annotations[0].message == "The action 'slow' has timed out after 3 minutes."
    assert played.finished.conclusion == 'failure'


def test_a_timeout_may_be_continued_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, 'MINUTE', 0.1)
    played = play(f'- run: "{TRAPPED}"\n  timeout-minutes: 3\n  continue-on-error: true', tmp_path)
    assert played.outcomes == [('failure', 'success')]
    assert played.finished.conclusion == 'success'


def test_a_job_that_takes_too_long_is_cancelled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, 'MINUTE', 0.1)
    played = play(
        f'- run: "{TRAPPED}"\n- run: echo last\n  if: cancelled()',
        tmp_path,
        plan={'timeout_minutes': 3, 'cancel_timeout_minutes': 100},
    )
    assert played.outcomes == [CANCELLED, SUCCESS]
    assert played.finished == JobFinished(
        'build', 'cancelled', {}, 'The job has exceeded the maximum execution time of 3 minutes.'
    )


def test_patience_with_a_cancelled_job_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, 'MINUTE', 0.1)
    stop = Stop()
    played = play(
        '- run: touch ready; sleep 60\n  if: always()',
        tmp_path,
        stop=stop,
        when=once_ready(tmp_path, lambda: stop.request('by hand')),
        plan={'cancel_timeout_minutes': 2},
    )
    assert played.outcomes == [CANCELLED]


class FullLog(fakes.Lines):
    """A log whose disk is full after some lines."""

    def write(self, number: int, line: str) -> None:
        self.write_many(number, f'{line}\n')

    def write_many(self, number: int, lines: str) -> None:
        if len(self.lines) > 5:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        super().write_many(number, lines)


def test_a_full_disk_under_the_log_fails_the_job(tmp_path: Path) -> None:
    plan = make_plan(fakes.indent('- run: for i in 1 2 3 4; do seq 5; sleep 0.2; done; sleep 60'))
    request = make_request(plan, tmp_path)
    started = time.monotonic()
    finished = asyncio.run(
        runner.run(request, make_world(tmp_path), lambda fact: None, FullLog(), Stop())
    )
    assert finished.conclusion == 'failure'
    assert 'no space left on the disk' in finished.message
    assert time.monotonic() - started < 30


@pytest.mark.skipif(not Path('/dev/full').exists(), reason='this system has no /dev/full')
def test_a_full_disk_under_the_job_fails_it(tmp_path: Path) -> None:
    folder = tmp_path / 'job/_temp/_github_workflow'
    folder.mkdir(parents=True)
    (folder / 'event.json').symlink_to('/dev/full')
    played = play('- run: echo', tmp_path)
    assert played.finished.conclusion == 'failure'
    assert 'no space left on the disk' in played.finished.message


def test_a_workspace_that_is_gone_fails_the_step(tmp_path: Path) -> None:
    played = play('- run: rm -r "$GITHUB_WORKSPACE"\n- run: echo', tmp_path)
    assert played.outcomes[1] == ('failure', 'failure')
    assert 'does not exist' in played.annotations[0].message


def test_a_temp_that_is_gone_fails_the_step(tmp_path: Path) -> None:
    played = play('- run: rm -r "$RUNNER_TEMP"\n- run: echo', tmp_path)
    assert played.outcomes[1] == ('failure', 'failure')
    assert 'No such file or directory' in played.annotations[0].message


def test_a_job_that_was_cancelled_before_it_began_starts_nothing(tmp_path: Path) -> None:
    stop = Stop()
    stop.request('by hand')
    played = play('- run: echo never\n- run: echo last\n  if: always()', tmp_path, stop=stop)
    assert played.outcomes == [SKIPPED, SUCCESS]


def test_breaking_a_job_off_ends_its_background_steps(tmp_path: Path) -> None:
    steps = (
        '- {id: a, run: echo $$ > pid; touch ready; exec sleep 60, background: true}\n'
        '- run: sleep 60'
    )
    request = make_request(make_plan(fakes.indent(steps)), tmp_path)
    ready = tmp_path / 'job/hello/hello/ready'

    async def scene() -> None:
        task = asyncio.create_task(
            runner.run(request, make_world(tmp_path), lambda fact: None, fakes.Lines(), Stop())
        )
        while not ready.exists():  # noqa: ASYNC110 - another process makes it
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    started = time.monotonic()
    asyncio.run(scene())
    assert time.monotonic() - started < 30
    with pytest.raises(ProcessLookupError):
        os.kill(int((ready.parent / 'pid').read_text()), 0)
