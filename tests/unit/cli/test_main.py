import sys
import types
from collections.abc import Callable

import click
import pytest

from liftlock.cli import main as cli
from liftlock.errors import UserError


def end(words: list[str]) -> int:
    with pytest.raises(SystemExit) as caught:
        cli.main(words)
    assert isinstance(caught.value.code, int)
    return caught.value.code


@pytest.fixture
def doing(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], int | None]], None]:
    """Make `liftlock doctor` do something else."""

    def replace(action: Callable[[], int | None]) -> None:
        module = types.ModuleType('liftlock.cli.doctor')
        module.command = click.command('doctor')(action)  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, 'liftlock.cli.doctor', module)

    return replace


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert end(['--help']) == 0
    shown = capsys.readouterr().out
    assert all(f'  {name} ' in shown for name in cli.NAMES)


def test_without_words_it_shows_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert end([]) == 2
    assert 'Usage: liftlock' in capsys.readouterr().err


@pytest.mark.parametrize(
    ('word', 'hint'), [('rnu', 'did you mean "run"?'), ('zzz', 'see `liftlock --help`')]
)
def test_an_unknown_command_gets_a_hint(
    word: str, hint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert end([word]) == 2
    assert hint in capsys.readouterr().err


def raise_(error: BaseException) -> Callable[[], int]:
    def action() -> int:
        raise error

    return action


@pytest.mark.parametrize(
    ('action', 'status'),
    [
        (lambda: None, 0),
        (lambda: 1, 1),
        (raise_(UserError('no such file')), 2),
        (raise_(click.UsageError('no such option')), 2),
        (raise_(KeyboardInterrupt()), 130),
        (raise_(OSError(28, 'No space left on device')), 3),
    ],
)
def test_every_way_to_end_has_its_number(
    action: Callable[[], int | None],
    status: int,
    doing: Callable[[Callable[[], int | None]], None],
) -> None:
    doing(action)
    assert end(['doctor']) == status


def test_a_users_mistake_is_told_without_a_trace(
    doing: Callable[[Callable[[], int]], None], capsys: pytest.CaptureFixture[str]
) -> None:
    doing(raise_(UserError('no such file', 'look elsewhere')))
    end(['doctor'])
    assert capsys.readouterr().err == 'liftlock: no such file\n  look elsewhere\n'


def test_a_bug_leaves_a_report_to_paste(
    doing: Callable[[Callable[[], int]], None],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    written = []

    def write(error: BaseException, words: list[str]) -> str:
        written.append((repr(error), words))
        return '/somewhere/report.md'

    monkeypatch.setattr('liftlock.cli.bug.write', write)
    doing(raise_(ZeroDivisionError('oh')))
    assert end(['doctor']) == 70
    assert '/somewhere/report.md' in capsys.readouterr().err
    assert written == [("ZeroDivisionError('oh')", ['doctor'])]
