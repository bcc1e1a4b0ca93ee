"""What a job lays into places where the runner or a stand-in will look, on this machine."""

import asyncio
import os
import subprocess
from pathlib import Path

import pytest

from e2e.sandbox.ground import SECRET, Caches, Shelf, play, private
from fakes import Played
from liftlock.plan.facts import StepStarted
from liftlock.runner import repository, snapshot
from liftlock.runner.actions.resolve import GitActions
from liftlock.runner.ports import Stop
from liftlock.runner.sources import SnapshotSources

REPLACED = """
- run: rm -f "$GITHUB_STEP_SUMMARY"; ln -s {private}/key "$GITHUB_STEP_SUMMARY"
- if: always()
  run: rm -f "$GITHUB_OUTPUT"; ln -s {private}/key "$GITHUB_OUTPUT"
- if: always()
  run: cp -l {private}/key "$GITHUB_ENV"
- if: always()
  run: echo "::add-matcher::{private}/key"
- if: always()
  run: echo {private}/key >>"$GITHUB_ARTIFACTS"
- if: always()
  run: ln -s {private}/key link; mkdir action; ln -s {private}/key action/action.yml
- if: always()
  run: echo "hash=${{{{ hashFiles('link') }}}}"
- if: always()
  uses: ./action
"""


def everything(played: Played) -> str:
    told = [str(fact) for fact in played.facts]
    return '\n'.join((*told, played.text, str(played.finished)))


def test_links_to_secrets_tell_nothing(tmp_path: Path) -> None:
    played = play(REPLACED.format(private=private(tmp_path)), tmp_path)
    said = everything(played)
    assert SECRET not in said
    assert '798f' not in said  # of its digest
    assert "Can't find 'action.yml'" in said
    assert 'hashFiles' in said


def test_an_action_that_was_fetched_tells_nothing_of_the_machine(tmp_path: Path) -> None:
    place = tmp_path / 'evil'
    place.mkdir()
    (place / 'action.yml').symlink_to(private(tmp_path) / 'key')
    for words in (('init', '-q', '-b', 'main'), ('add', '-A'), ('commit', '-q', '-m', 'x')):
        who = ('-c', 'user.name=m', '-c', 'user.email=m@localhost')
        subprocess.run(('git', *who, *words), cwd=place, check=True)
    actions = GitActions(tmp_path / 'cache', (('*', str(tmp_path / '{name}')),))
    said = everything(play('- uses: mallory/evil@main', tmp_path, world={'actions': actions}))
    assert SECRET not in said
    assert "Can't find 'action.yml'" in said


def test_pipes_and_devices_hold_nobody_up(tmp_path: Path) -> None:
    steps = """
- run: rm -f "$GITHUB_OUTPUT" && mkfifo "$GITHUB_OUTPUT" || true
- run: mkfifo pipe; ln -s /dev/zero zeros; mkdir a; mkfifo a/action.yml
- if: always() && hashFiles('pipe', 'zeros') == ''
  run: echo nothing
- if: always()
  uses: ./a
- if: always()
  run: echo "the end"
"""
    played = play(steps, tmp_path)
    assert 'the end' in played.text


def test_scripts_of_later_steps_are_not_written_through_links(tmp_path: Path) -> None:
    """Their names can be guessed from the first one's."""
    steps = f"""
- run: |
    me=$(basename $0 .sh)
    for n in $(seq 2 40); do
      ln -s {private(tmp_path)}/key $RUNNER_TEMP/${{me%?}}$n.sh || true
    done
- if: always()
  run: echo overwritten
"""
    play(steps, tmp_path)
    assert (tmp_path / 'private/key').read_text() == SECRET


UPLOADED = """
- run: ln -s {private}/key link; ln -s {private} folder; echo mine >file
- uses: actions/upload-artifact@v4
  with: {{name: all, path: '.'}}
- if: always()
  uses: actions/upload-artifact@v4
  with: {{name: direct, path: '{private}/key'}}
- if: always()
  uses: actions/cache/save@v4
  with: {{key: all, path: 'link'}}
- if: always()
  uses: actions/setup-python@v5
  with: {{python-version-file: link}}
"""


def test_stand_ins_read_nothing_that_the_job_could_not(tmp_path: Path) -> None:
    shelf, caches = Shelf(), Caches()
    world = {'artifacts': shelf, 'caches': caches}
    played = play(UPLOADED.format(private=private(tmp_path)), tmp_path, world=world)
    assert shelf.kept['all'] == {'file': b'mine\n'}
    assert 'direct' not in shelf.kept
    assert SECRET.encode() not in b''.join(caches.kept.values())
    assert SECRET not in everything(played)


def test_files_that_change_while_they_are_stored_stay_the_job_s_own(tmp_path: Path) -> None:
    """A process that goes on beside the stand-in swaps a directory for a link, again and again."""
    steps = f"""
- run: |
    mkdir a b; echo mine >a/key; ln -s {private(tmp_path)} b/there
    (while :; do mv a c; mv b/there a; mv a b/there; mv c a; done) >/dev/null 2>&1 &
- uses: actions/upload-artifact@v4
  with: {{name: all, path: a, if-no-files-found: ignore}}
""" + '\n'.join(
        f"""- uses: actions/upload-artifact@v4
  continue-on-error: true
  with: {{name: all{number}, path: a, if-no-files-found: ignore}}"""
        for number in range(10)
    )
    shelf = Shelf()
    play(steps, tmp_path, world={'artifacts': shelf})
    assert SECRET.encode() not in str(shelf.kept).encode()


def test_stand_ins_write_nothing_outside(tmp_path: Path) -> None:
    shelf = Shelf()
    shelf.offered = {'planted': {'key': 'changed'}}
    steps = f"""
- run: ln -s {private(tmp_path)} out
- uses: actions/download-artifact@v4
  continue-on-error: true
  with: {{name: planted, path: out}}
- run: |
    (while :; do for f in $RUNNER_TEMP/_*; do
      ln -sf {tmp_path}/private/key $f
    done; done) >/dev/null 2>&1 &
- uses: actions/cache/save@v4
  continue-on-error: true
  with: {{key: all, path: '~/.bashrc'}}
"""
    play(steps, tmp_path, world={'artifacts': shelf, 'caches': Caches()})
    assert (tmp_path / 'private/key').read_text() == SECRET
    assert sorted(os.listdir(tmp_path / 'private')) == ['key']  # noqa: PTH208


def test_a_repository_that_was_tampered_with_runs_nothing_outside(
    tmp_path: Path, project: Path
) -> None:
    """While a checkout goes on, somebody beside it writes settings by which git starts programs."""
    mark = private(tmp_path) / 'ran'
    steps = (
        f"""
- uses: actions/checkout@v4
- run: |
    echo 'touch {mark} $GITHUB_WORKSPACE/ran' >/tmp/program; chmod +x /tmp/program
    (while :; do
      printf '[core]\\nfsmonitor = /tmp/program\\nhooksPath = /tmp\\n' >>.git/config
    done) >/dev/null 2>&1 &
"""
        + '- uses: actions/checkout@v4\n  continue-on-error: true\n  with: {clean: false}\n' * 5
    )
    taken = snapshot.take(repository.look(project), tmp_path / 'state')
    sources = SnapshotSources(taken, 'refs/heads/main')
    play(steps, tmp_path, world={'sources': sources, 'shared': (str(taken.store),)})
    assert not mark.exists()


def test_somebody_who_takes_the_place_of_a_stand_in_is_not_believed(tmp_path: Path) -> None:
    """Nothing that it says of artifacts is a fact unless it was stored."""
    shelf = Shelf()
    steps = """
- run: |
    (while :; do pkill -STOP -f liftlock.runner.sandbox.within && sleep 0.2
     pkill -KILL -f liftlock.runner.sandbox.within; done) >/dev/null 2>&1 &
    echo x >file
- uses: actions/upload-artifact@v4
  with: {name: all, path: file}
"""
    played = play(steps, tmp_path, world={'artifacts': shelf})
    if played.finished.conclusion == 'success':  # the stand-in was quicker than its murderer
        assert shelf.kept['all'] == {'file': b'x\n'}
    else:
        assert 'has ended' in played.text


def test_a_cancelled_stand_in_ends(tmp_path: Path) -> None:
    stop = Stop()

    def act(fact: object) -> None:
        if isinstance(fact, StepStarted) and fact.number == 2:
            asyncio.get_running_loop().call_later(1.0, stop.request, 'enough')

    steps = """
- run: |
    mkdir ~/bin; echo "$HOME/bin" >>"$GITHUB_PATH"
    printf '#!/bin/sh\\nexec sleep 60\\n' >~/bin/tar; chmod +x ~/bin/tar; echo x >file
- uses: actions/cache/save@v4
  with: {key: slow, path: file}
"""
    played = play(steps, tmp_path, when=act, stop=stop, world={'caches': Caches()})
    assert played.finished.conclusion == 'cancelled'
    assert played.steps[-1][1] == 'cancelled'


def test_on_the_host_links_are_followed(tmp_path: Path) -> None:
    """So these tests would notice."""
    shelf = Shelf()
    steps = f"""
- run: |
    ln -s {private(tmp_path)}/key link
    rm "$GITHUB_STEP_SUMMARY"; ln -s $PWD/link "$GITHUB_STEP_SUMMARY"
- uses: actions/upload-artifact@v4
  with: {{name: all, path: link}}
"""
    played = play(steps, tmp_path, place='host', world={'artifacts': shelf})
    assert played.summaries == [SECRET]
    assert shelf.kept['all'] == {'link': SECRET.encode()}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    made = tmp_path / 'project'
    made.mkdir()
    (made / 'file').write_text('1')
    for command in (
        ('init', '-q', '-b', 'main'),
        ('add', '.'),
        ('-c', 'user.name=x', '-c', 'user.email=x@x', 'commit', '-qm', 'x'),
    ):
        subprocess.run(['git', *command], cwd=made, check=True)
    return made
