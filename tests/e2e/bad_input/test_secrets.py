"""Secrets stand nowhere but where they are used."""

import base64
from pathlib import Path

import pytest

from .conftest import Place

SECRET = 's3cr3t-V"al&ue'
LINES = 'first-line-of-a-key\nsecond-line-of-a-key\n'
PATTERNS = (
    's3cr3t-V',
    'al&ue',
    'first-line-of',
    'second-line-of',
    base64.b64encode(SECRET.encode()).decode()[:16],
    's3cr3t-V%22al%26ue',
)
WORKFLOW = r"""
on: push
jobs:
  a:
    name: job ${{ github.event.foo }}
    runs-on: ubuntu-latest
    env: {T: '${{ secrets.TOKEN }}', KEY: '${{ secrets.KEY }}'}
    outputs: {o: '${{ steps.x.outputs.o }}'}
    steps:
      - name: name ${{ env.T }}
        run: |
          echo "direct $T"; echo -n "$T" | base64; echo "$KEY"
          echo "::error file=a.py,line=1,title=about $T::message $T"
          echo "::warning::x%0A$T"; echo "::debug::$T"; echo "::group::$T"
          echo "# $T" >> "$GITHUB_STEP_SUMMARY"
          printf '%s' "${T:0:5}"; sleep 0.2; printf '%s\n' "${T:5}"
      - id: x
        run: |
          echo "o=$T" >> "$GITHUB_OUTPUT"; echo "FOO=$T" >> "$GITHUB_ENV"
      - {run: 'echo "$FOO"', if: always()}
      - {continue-on-error: true, run: echo, working-directory: '/nope/${{ secrets.TOKEN }}'}
      - {continue-on-error: true, run: 'echo "$T" > "$GITHUB_ENV"'}
      - {continue-on-error: true, run: 'echo ${{ fromJSON(secrets.TOKEN) }}'}
      - {continue-on-error: true, run: x, shell: 'bash --nope {0}'}
      - {continue-on-error: true, uses: actions/upload-artifact@v4,
         with: {name: 'a-${{ secrets.TOKEN }}', path: .}}
  b:
    needs: a
    if: always()
    name: b ${{ needs.a.outputs.o }}
    runs-on: ubuntu-latest
    steps:
      - run: echo "o is ${{ needs.a.outputs.o }}."
"""


@pytest.mark.parametrize('words', [(), ('--json',), ('--debug', '-v'), ('--dry-run',)])
def test_a_secret_is_masked_everywhere(words: tuple[str, ...], place: Place) -> None:
    place.workflow(WORKFLOW)
    ended = place.run('--secret', f'TOKEN={SECRET}', '--secret', 'KEY', *words, KEY=LINES)
    assert ended.status in (0, 1), ended.err
    said = [ended.out, ended.err]
    if words != ('--dry-run',):
        for more in (('show',), ('show', '--json'), ('logs', '--raw'), ('artifacts',), ('runs',)):
            shown = place.liftlock(*more)
            said += [shown.out, shown.err]
        assert '***' in said[0] + said[6]
    assert not [pattern for pattern in PATTERNS for text in said if pattern in text]
    assert not [pattern for pattern in PATTERNS if pattern.encode() in kept(place.state)]


def kept(state: Path) -> bytes:
    """All that a store keeps, but for the jobs' own directories, which only their user reads."""
    files = (file for file in state.rglob('*') if file.is_file())
    return b''.join(f.read_bytes() for f in files if state / 'work' not in f.parents)


def test_the_directories_of_jobs_are_for_their_user_only(place: Place) -> None:
    place.steps('run: exit 1')  # that of a failed job is kept, for `rerun --from-step`
    assert place.run('--secret', f'TOKEN={SECRET}').status == 1
    (kept,) = place.state.glob('work/*/*-1')
    assert kept.stat().st_mode & 0o077 == 0


def test_a_secret_that_is_missing_is_empty_and_one_that_is_mistyped_not_shown(
    place: Place,
) -> None:
    place.steps('run: echo "it is [${{ secrets.NOBODY_GAVE_IT }}]"')
    assert 'job | it is []\n' in place.run().out
    place.write('secrets', f'TOKEN {SECRET}\n')
    ended = place.run('--secret-file', 'secrets')
    assert ended.status == 2
    assert 'secrets:1: expected NAME=value' in ended.err
    assert SECRET not in ended.err


def test_resume_and_rerun_ask_for_the_secrets_again(place: Place) -> None:
    place.steps('run: exit 1')
    assert place.run('--secret', f'TOKEN={SECRET}').status == 1
    ended = place.liftlock('rerun', '1')
    assert ended.status == 2
    assert 'TOKEN' in ended.err
