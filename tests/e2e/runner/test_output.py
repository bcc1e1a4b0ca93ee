"""What steps print, and what comes of it."""

from pathlib import Path

import pytest

from fakes import play
from liftlock.plan.facts import Annotated
from liftlock.plan.masking import HIDDEN

MATCHER = """{"problemMatcher": [{"owner": "tool", "pattern": [{
  "regexp": "^(.+):(\\\\d+):(\\\\d+): (\\\\w+): (.*)$",
  "file": 1, "line": 2, "column": 3, "severity": 4, "message": 5}]}]}"""


def test_secrets_are_hidden_wherever_they_appear(tmp_path: Path) -> None:
    played = play(
        """
- name: use ${{ env.S }}
  run: |
    echo "plain $S"; echo "$S" | base64; echo "::error title=$S::about $S"
    echo "the **$S**" >> $GITHUB_STEP_SUMMARY
    printf 'no end %s' "$S"
  env: {S: '${{ secrets.KEY }}'}
""",
        tmp_path,
        secrets={'KEY': 'hunter2-and-more'},
    )
    assert 'hunter2' not in repr((played.lines, played.facts))
    assert 'aHVudGVyMi' not in played.text
    assert played.summaries == [f'the **{HIDDEN}**\n']
    assert 'plain ***' in played.text
    assert 'no end ***' in played.text


def test_commands_do_what_they_say(tmp_path: Path) -> None:
    played = play(
        """
- id: a
  run: |
    echo "::group::Title"
    echo "::endgroup::"
    echo "::debug::hidden"
    echo "::notice::n"
    echo "before"
    echo "::warning file=a.py,line=3,col=2,title=T::w%0Asecond"
    echo "::error file=$PWD/sub/b.py,line=1,endLine=2::e"
    echo "::set-output name=old::1"
    echo "##[set-output name=older;]2"
    echo "::add-mask::confidential"
    echo "so confidential"
    echo "::unknown::stays"
    echo "::echo::on"
    echo "::set-output name=shown::3"
    echo "::echo::off"
- run: echo ${{ steps.a.outputs.old }}${{ steps.a.outputs.older }}${{ steps.a.outputs.shown }}
""",
        tmp_path,
    )
    assert played.printed(1) == [
        '##[group]Title',
        '##[endgroup]',
        '##[notice]n',
        'before',
        '##[warning]w',
        'second',
        '##[error]e',
        'so ***',
        '::unknown::stays',
        '::set-output name=shown::3',
        '::echo::off',
    ]
    assert played.printed(2) == ['123']
    assert played.annotations == [
        Annotated('build', 1, 'notice', 'n'),
        Annotated('build', 1, 'warning', 'w\nsecond', 'T', 'a.py', 3, 0, 2, 0),
        Annotated('build', 1, 'error', 'e', '', 'sub/b.py', 1, 2, 0, 0),
    ]
    assert played.outcomes[0] == ('success', 'success')  # an error command does not fail it


def test_debug_lines_show_when_asked_for(tmp_path: Path) -> None:
    played = play('- run: echo "::debug::seen"', tmp_path, secrets={'ACTIONS_STEP_DEBUG': 'true'})
    assert '##[debug]seen' in played.printed()


def test_stopped_commands_are_plain_until_the_token(tmp_path: Path) -> None:
    played = play(
        """
- run: |
    echo "::stop-commands::t0ken-t0ken"
    echo "::error::plain"
    echo "::t0ken-t0ken::"
    echo "::error::real"
""",
        tmp_path,
    )
    assert [found.message for found in played.annotations] == ['real']
    assert '::error::plain' in played.printed()
    assert 't0ken-t0ken' not in '\n'.join(played.printed())


@pytest.mark.parametrize(
    ('line', 'message'),
    [
        ('::set-env name=A::1', 'The `set-env` command is disabled'),
        ('::add-path::/x', 'The `add-path` command is disabled'),
        ('::set-output::1', "Required field 'name' is missing"),
        ('::stop-commands::', 'must not be empty'),
        ('::stop-commands::error', 'must not be empty'),
        ('::echo::maybe', 'Invalid echo command value'),
        ('::add-matcher::gone.json', 'cannot be read'),
    ],
)
def test_a_command_that_cannot_be_carried_out_fails_the_step(
    tmp_path: Path, line: str, message: str
) -> None:
    played = play(f'- run: echo "{line}"', tmp_path)
    assert played.outcomes == [('failure', 'failure')]
    assert played.annotations[0].message == f"Unable to process command '{line}' successfully."
    assert message in played.annotations[1].message


def test_unsecure_commands_work_where_they_are_allowed(tmp_path: Path) -> None:
    played = play(
        """
- run: echo "::set-env name=A::1"
  env: {ACTIONS_ALLOW_UNSECURE_COMMANDS: true}
- run: echo "$A"
""",
        tmp_path,
    )
    assert played.printed(2) == ['1']


def test_ten_annotations_of_a_level_are_kept(tmp_path: Path) -> None:
    played = play(
        '- run: for i in $(seq 12); do echo "::warning::$i"; done; echo "::notice::n"', tmp_path
    )
    assert [found.message for found in played.annotations] == [*map(str, range(1, 11)), 'n']
    assert '##[warning]12' in played.printed()


def test_long_messages_are_cut(tmp_path: Path) -> None:
    played = play('- run: echo "::notice::$(head -c 5000 /dev/zero | tr \'\\0\' x)"', tmp_path)
    assert len(played.annotations[0].message) == 4096


@pytest.mark.parametrize(
    ('script', 'message'),
    [
        ('echo nonsense >> $GITHUB_OUTPUT', "Invalid format 'nonsense'"),
        ("printf 'a<<E\\n1\\n' >> $GITHUB_ENV", "Matching delimiter not found 'E'"),
    ],
)
def test_a_bad_file_command_fails_the_step(tmp_path: Path, script: str, message: str) -> None:
    played = play(f'- run: {script}', tmp_path)
    assert played.outcomes == [('failure', 'failure')]
    assert 'Unable to process file command' in played.annotations[0].message
    assert message in played.annotations[1].message


def test_node_options_are_refused_but_do_no_harm(tmp_path: Path) -> None:
    played = play(
        '- run: echo NODE_OPTIONS=x >> $GITHUB_ENV\n- run: echo "${NODE_OPTIONS-none}"', tmp_path
    )
    assert played.printed(2) == ['none']
    assert played.finished.conclusion == 'success'
    assert "Can't store NODE_OPTIONS output parameter" in played.annotations[0].message


def test_a_summary_that_is_too_large_is_not_kept(tmp_path: Path) -> None:
    played = play('- run: head -c 1048577 /dev/zero | tr "\\0" x > $GITHUB_STEP_SUMMARY', tmp_path)
    assert played.summaries == []
    assert played.finished.conclusion == 'success'
    assert 'supports content up to a size of 1024k, got 1025k' in played.annotations[0].message


def test_files_are_empty_for_every_step(tmp_path: Path) -> None:
    played = play(
        """
- {id: a, run: 'echo x=1 >> $GITHUB_OUTPUT; rm $GITHUB_ENV; mkfifo $GITHUB_ENV'}
- {id: b, run: 'cat $GITHUB_OUTPUT $GITHUB_ENV; echo y=2 >> $GITHUB_OUTPUT'}
- run: echo "${{ steps.b.outputs.x }}${{ steps.b.outputs.y }}"
""",
        tmp_path,
    )
    assert played.printed(2) == []
    assert played.printed(3) == ['2']


def test_problem_matchers_annotate(tmp_path: Path) -> None:
    played = play(
        f"""
- run: |
    git init -q; mkdir src; touch src/a.c
    cat > matcher.json <<'EOF'
    {MATCHER.replace(chr(10), chr(10) + '    ')}
    EOF
    echo "::add-matcher::matcher.json"
    printf '\\033[31msrc/a.c:3:14: warning: careful\\033[0m\\n'
    echo "gone.c:1:1: error: missing"
    echo "src/a.c:1:1: fatal: no such severity"
    echo "all well"
- run: |
    echo "src/a.c:7:1: notice: in the next step"
    echo "::remove-matcher owner=tool::"
    echo "src/a.c:8:1: error: nobody looks"
""",
        tmp_path,
    )
    assert played.annotations == [
        Annotated('build', 1, 'warning', 'careful', '', 'src/a.c', 3, 0, 14, 0),
        Annotated('build', 1, 'error', 'missing', '', '', 1, 0, 1, 0),
        Annotated('build', 2, 'notice', 'in the next step', '', 'src/a.c', 7, 0, 1, 0),
    ]
    assert '##[warning]src/a.c:3:14: warning: careful' in played.printed(1)
    assert 'src/a.c:1:1: fatal: no such severity' in played.printed(1)
    assert played.finished.conclusion == 'success'


@pytest.mark.parametrize(
    ('script', 'lines'),
    [
        ("printf 'a\\r\\nb\\rc\\n\\nd'", ['a', 'b', 'c', '', 'd']),
        ("printf '\\377ok\\303\\n'", ['\ufffdok\ufffd']),
        ("printf 'a\\0b\\n'", ['a\0b']),
        ("printf 'one\\r'; sleep 0.1; printf '\\ntwo'", ['one', 'two']),
        ("printf 'h\\303'; sleep 0.1; printf '\\251\\n'", ['h\u00e9']),
        ("printf '  ::notice::x'", ['##[notice]x']),
        ('echo out; echo err >&2', ['out', 'err']),
    ],
)
def test_bytes_become_lines(tmp_path: Path, script: str, lines: list[str]) -> None:
    assert play(f'- run: |\n    {script}', tmp_path).printed() == lines


def test_a_line_without_end_is_passed_on_in_pieces(tmp_path: Path) -> None:
    played = play(
        '- run: |\n    head -c 5000000 /dev/zero | tr "\\0" a; echo " $S"; echo next\n'
        '  env: {S: "${{ secrets.S }}"}',
        tmp_path,
        secrets={'S': 'hunter2'},
    )
    *long, last = played.printed()
    assert ''.join(long) == 'a' * 5000000 + ' ***'
    assert max(map(len, long)) < 2_000_000
    assert last == 'next'


def test_binary_output_does_no_harm(tmp_path: Path) -> None:
    played = play('- run: head -c 300000 /dev/urandom; echo; echo end', tmp_path)
    assert played.printed()[-1] == 'end'
    assert played.finished.conclusion == 'success'


def test_many_lines_keep_their_order(tmp_path: Path) -> None:
    played = play('- run: seq 50000; echo "::notice::x"; seq 10', tmp_path)
    numbers = [*map(str, range(1, 50001))]
    assert played.printed() == [*numbers, '##[notice]x', *map(str, range(1, 11))]


def test_what_is_no_character_does_no_harm(tmp_path: Path) -> None:
    played = play("- run: echo '${{ fromJSON('\"a\\ud800b\"') }}'", tmp_path)
    assert played.finished.conclusion == 'success'
    assert played.printed() == ['a\ufffdb']
