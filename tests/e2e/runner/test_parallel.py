"""Steps beside one another."""

from pathlib import Path

from fakes import play

# One step waits until the other has come as far.
MEET = 'touch {mine}; while [ ! -e {other} ]; do sleep 0.02; done; echo met'


def test_background_steps_run_beside_others_until_somebody_waits(tmp_path: Path) -> None:
    played = play(
        f"""
- id: a
  run: {MEET.format(mine='a', other='b')}; echo "x=1" >> $GITHUB_OUTPUT; echo E=1 >> $GITHUB_ENV
  background: true
- run: {MEET.format(mine='b', other='a')}; echo "[${{{{ steps.a.outputs.x }}}}] ${{E-unset}}"
- wait: a
- run: echo "[${{{{ steps.a.outputs.x }}}}] $E ${{{{ steps.a.conclusion }}}}"
""",
        tmp_path,
    )
    assert played.finished.conclusion == 'success'
    assert played.printed(2) == ['met', '[] unset']
    assert played.printed(4) == ['[1] 1 success']
    assert [name for name, _ in played.steps][2] == 'Wait'


def test_parallel_steps_run_at_the_same_time(tmp_path: Path) -> None:
    played = play(
        f"""
- parallel:
  - run: {MEET.format(mine='a', other='b')}
  - run: {MEET.format(mine='b', other='a')}
- run: echo after
""",
        tmp_path,
    )
    assert played.finished.conclusion == 'success'
    assert [name for name, _ in played.steps][2:] == ['Parallel group', 'Run echo after']


def test_a_failure_shows_when_it_is_waited_for(tmp_path: Path) -> None:
    played = play(
        """
- {id: a, run: exit 1, background: true}
- run: sleep 0.3; echo still
- wait-all: true
- run: echo never
""",
        tmp_path,
    )
    assert [conclusion for _, conclusion in played.steps] == [
        'failure', 'success', 'failure', 'skipped',
    ]  # fmt: skip
    assert played.finished.conclusion == 'failure'


def test_what_nobody_waits_for_is_waited_for_at_the_end(tmp_path: Path) -> None:
    played = play('- {id: a, run: sleep 0.3; exit 1, background: true}\n- run: echo', tmp_path)
    assert played.steps[-1] == ('Wait for all background steps', 'failure')
    assert played.finished.conclusion == 'failure'


def test_a_cancelled_step_does_not_touch_the_job(tmp_path: Path) -> None:
    played = play(
        """
- {id: a, run: "trap 'exit 1' INT; touch ready; while :; do sleep 0.05; done", background: true}
- run: while [ ! -e ready ]; do sleep 0.02; done
- cancel: a
- run: echo ${{ steps.a.outcome }}
""",
        tmp_path,
    )
    assert played.finished.conclusion == 'success'
    assert played.printed(4) == ['cancelled']
    assert played.annotations == []


def test_a_step_that_ended_before_it_is_cancelled_keeps_its_end(tmp_path: Path) -> None:
    played = play(
        """
- {id: a, run: touch done, background: true}
- run: while [ ! -e done ]; do sleep 0.02; done; sleep 0.2
- cancel: a
- run: echo ${{ steps.a.outcome }}
""",
        tmp_path,
    )
    assert played.printed(4) == ['success']


def test_a_background_step_may_be_skipped(tmp_path: Path) -> None:
    played = play(
        """
- {id: a, run: echo, background: true, if: false}
- wait: a
- run: echo ${{ steps.a.outcome }}
""",
        tmp_path,
    )
    assert played.printed(3) == ['skipped']


def test_ten_steps_run_at_a_time(tmp_path: Path) -> None:
    one = '- {run: "touch r$$; sleep 0.4; ls r* | wc -l; rm r$$", background: true}\n'
    played = play(one * 12 + '- wait-all: true', tmp_path)
    counts = [int(line) for _, line in played.lines if line.isdigit()]
    assert len(counts) == 12
    assert max(counts) <= 10


def test_waiting_goes_on_after_a_failure(tmp_path: Path) -> None:
    played = play(
        """
- {id: a, run: sleep 0.3; echo x=1 >> $GITHUB_OUTPUT, background: true}
- run: exit 1
- wait: a
- run: echo ${{ steps.a.outputs.x }}
  if: always()
""",
        tmp_path,
    )
    assert played.printed(4) == ['1']
