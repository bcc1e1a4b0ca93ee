from liftlock.cli.colour import Paint
from liftlock.cli.loglines import shown


def test_marks_become_words() -> None:
    log = '##[group]Run make\n\x1b[36;1mmake\x1b[0m\n##[endgroup]\n##[error]broken\nplain ##[x]\n'
    assert shown(log, Paint(False)) == 'Run make\nmake\nError: broken\nplain ##[x]\n'


def test_colour_stays_on_a_terminal() -> None:
    assert shown('\x1b[36ma\x1b[0m\n##[warning]b\n', Paint(True)) == (
        '\x1b[36ma\x1b[0m\n\x1b[33mWarning: b\x1b[0m\n'
    )


def test_an_unknown_mark_is_left_alone() -> None:
    assert shown('##[painting]x\n', Paint(False)) == '##[painting]x\n'


def test_links_and_cursor_movements_do_not_reach_a_pipe() -> None:
    assert shown('\x1b]8;;http://x\x07here\x1b]8;;\x07 \x1b[2Kdone\n', Paint(False)) == (
        'here done\n'
    )
