"""Taking a job up again at a step in its middle."""

import json
import stat
from pathlib import Path

import pytest

from fakes import play

STEPS = """
- id: a
  run: |
    echo "NAME=value" >> $GITHUB_ENV; echo "$PWD/bin" >> $GITHUB_PATH
    echo "x=1" >> $GITHUB_OUTPUT; echo "::add-mask::confidential"; echo ran >> count
- id: b
  name: Second step
  run: test -e allowed
- run: echo "$NAME ${{ steps.a.outputs.x }} ${{ steps.a.outcome }} ${PATH%%:*} confidential"
"""


def test_a_job_goes_on_at_the_step_that_failed(tmp_path: Path) -> None:
    first = play(STEPS, tmp_path, secrets={'S': 'hunter2'})
    assert first.finished.conclusion == 'failure'
    (first.workspace / 'allowed').touch()
    second = play(STEPS, tmp_path, from_step='b', attempt=2, secrets={'S': 'hunter2'})
    assert second.finished.conclusion == 'success'
    assert second.steps[0][0] == 'Second step'
    assert second.printed(2) == [f'value 1 success {first.workspace}/bin ***']
    assert (first.workspace / 'count').read_text() == 'ran\n'


def test_what_is_kept_is_for_the_owner_only_and_holds_no_secret(tmp_path: Path) -> None:
    play(STEPS, tmp_path, secrets={'S': 'hunter2'})
    kept = tmp_path / 'job/checkpoint.json'
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert 'hunter2' not in kept.read_text()
    assert json.loads(kept.read_text())['masks'] == ['confidential']


@pytest.mark.parametrize('step', ['b', 'Second step', '2'])
def test_a_step_is_named_by_id_name_or_number(tmp_path: Path, step: str) -> None:
    play(STEPS, tmp_path)
    again = play(STEPS, tmp_path, from_step=step)
    assert again.steps[0][0] == 'Second step'


@pytest.mark.parametrize(
    ('step', 'message'),
    [
        ('gone', "This job has no step 'gone'"),
        ('3', ''),
    ],
)
def test_steps_that_cannot_be_begun_at(tmp_path: Path, step: str, message: str) -> None:
    play(STEPS, tmp_path)
    again = play(STEPS, tmp_path, from_step=step)
    assert again.finished.message == message


def test_without_an_earlier_attempt_there_is_nothing_to_go_on_from(tmp_path: Path) -> None:
    played = play(STEPS, tmp_path, from_step='b')
    assert played.finished.conclusion == 'failure'
    assert 'left nothing behind' in played.finished.message


def test_background_steps_refuse_it(tmp_path: Path) -> None:
    steps = '- {id: a, run: echo, background: true}\n- {wait: a}\n- {id: b, run: exit 1}'
    play(steps, tmp_path)
    again = play(steps, tmp_path, from_step='b')
    assert again.finished.conclusion == 'failure'
    assert 'ran in the background' in again.finished.message


def test_actions_that_were_begun_are_ended(tmp_path: Path) -> None:
    folder = tmp_path / 'actions/octo/a'
    folder.mkdir(parents=True)
    (folder / 'action.yml').write_text('name: a\nruns: {using: node24, main: m.js, post: p.js}')
    (folder / 'm.js').write_text("console.log('::save-state name=k::kept')")
    (folder / 'p.js').write_text("console.log('post', process.env.STATE_k)")
    steps = '- uses: octo/a@v1\n- {id: b, run: test -e allowed}'
    first = play(steps, tmp_path)
    (first.workspace / 'allowed').touch()
    second = play(steps, tmp_path, from_step='b')
    assert [name for name, _ in second.steps] == ['Run test -e allowed', 'Post Run octo/a@v1']
    assert second.printed(2) == ['Post job cleanup.', 'post kept']
