"""The way in: find the command, run it, turn what went wrong into an exit status.

Commands are named in one table, with the line that `--help` shows, so that asking for help
imports no command and running a command imports no other.
"""

import atexit
import errno
import importlib
import io
import os
import signal
import sys
from collections.abc import Sequence
from typing import Final, NoReturn

import click

from liftlock import VERSION
from liftlock.errors import BUG, INTERRUPTED, UNDECIDED, USAGE, UserError

# theme -> command -> what `--help` says; the command lives in the module of the same name, but for
# those in MODULES
COMMANDS: Final = {
    'Workflows': {
        'run': 'Run the workflows that an event starts, here and now.',
        'plan': 'Show which jobs an event would start, and why the others would not.',
        'check': 'Find every mistake in workflow files at once.',
        'lock': 'Pin actions to commits, and images to digests.',
        'eval': 'Evaluate one expression.',
        'import': 'Read manifests of Argo and Istio as environments of liftlock.yml.',
    },
    'What happened': {
        'runs': 'List runs.',
        'show': 'Show one run: its jobs, steps, annotations and summaries.',
        'logs': 'Print or follow the logs of a run or an environment.',
        'artifacts': 'List, fetch or attest what a run kept.',
        'metrics': "DORA's five figures, and how workflows do.",
        'gates': 'Evaluate the gates of liftlock.yml on reports, or on a run.',
        'sbom': 'Write a bill of materials: which packages are in it.',
        'verify': 'Tell whether a file is what was signed, and where it was built.',
    },
    'Going on': {
        'resume': 'Take up a run that was interrupted where it stopped.',
        'rerun': 'Run jobs of a finished run again, as another attempt.',
        'cancel': 'Stop a run, as GitHub does: steps with always() still run.',
    },
    'Delivery': {
        'status': 'Show what runs where, and how it is.',
        'deploy': 'Deliver a version to an environment, and watch.',
        'sync': 'Show what git says against what runs, and bring it in line.',
        'approve': 'Approve a deployment that waits, after showing what it is.',
        'reject': 'Reject a deployment that waits.',
        'promote': 'Let a paused deployment go on.',
        'abort': 'Take back a deployment that goes on, or call off one that waits.',
        'rollback': 'Go back to an earlier version.',
        'retry': 'Try the last deployment again, which did not succeed.',
        'deployments': 'List what was delivered, and what became of it.',
        'down': 'Take down everything that runs in an environment.',
    },
    'The server': {
        'serve': 'Serve web pages and REST over what has run here.',
        'worker': 'Carry out jobs for a server on PostgreSQL.',
        'workers': 'List machines that carry out jobs, and what waits.',
        'repository': 'Register repositories whose events start workflows.',
        'hooks': 'Have bare repositories tell the server of pushes.',
        'login': 'Keep the token with which a server is asked from here.',
        'dispatch': 'Start a workflow of a repository on a server.',
        'token': 'Create, list and revoke tokens for the server.',
        'user': 'Add, list and disable people who may log in to the server.',
        'audit': 'Show, export and verify what people have done on the server.',
    },
    'Secrets and variables': {
        'secret': 'Store, list and remove secrets of a repository or an environment.',
        'variable': 'Set, show, list and remove variables (`vars.NAME`).',
    },
    'This machine': {
        'backup': 'Write the whole store into one file.',
        'restore': 'Make a store out of a backup.',
        'doctor': 'Tell what this machine can and cannot run, and what to install.',
    },
}
NAMES: Final = tuple(name for theme in COMMANDS.values() for name in theme)
MODULES: Final = {'import': 'manifests'}  # a name that no module can have
HIDDEN: Final = frozenset({'supervise'})  # what other commands start by themselves
SETTINGS: Final = {'help_option_names': ['-h', '--help'], 'max_content_width': 100}
FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})
RUNNING: Final = frozenset({'run', 'resume', 'rerun'})


class Commands(click.Group):
    """The table above as click wants it. Subclassing is how click allows late imports."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(NAMES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in NAMES and cmd_name not in HIDDEN:
            return None
        if cmd_name in RUNNING:
            _import_asyncio_without_tls()
        module = MODULES.get(cmd_name, cmd_name)
        found = importlib.import_module(f'liftlock.cli.{module}').command
        assert isinstance(found, click.Command)
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name not in NAMES and name not in HIDDEN and not name.startswith('-'):
            raise _unknown(name)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        width = max(map(len, NAMES))
        for theme, commands in COMMANDS.items():
            with formatter.section(theme):
                formatter.write_dl([(name.ljust(width), text) for name, text in commands.items()])


def _unknown(name: str) -> UserError:
    import difflib

    near = difflib.get_close_matches(name, NAMES, n=1)
    hint = f'did you mean "{near[0]}"?' if near else 'see `liftlock --help` for all commands'
    return UserError(f'there is no command "{name}"', hint)


def _import_asyncio_without_tls() -> None:
    """Import asyncio while `ssl` cannot be found: a run never speaks TLS through asyncio.

    asyncio imports ssl only if it can, and ssl loads OpenSSL: 15 ms of a 20-step run's 100.
    Afterwards `import ssl` works again for everybody else (fetching an action, say).
    """
    if 'asyncio' in sys.modules or 'ssl' in sys.modules:
        return
    # A None in sys.modules makes the import system raise ImportError; typeshed knows no None there.
    sys.modules['ssl'] = None  # type: ignore[assignment]
    try:
        importlib.import_module('asyncio')
    finally:
        del sys.modules['ssl']


@click.command(cls=Commands, context_settings=SETTINGS)
@click.version_option(VERSION, prog_name='liftlock', message='%(prog)s %(version)s')
@click.option(
    '--state',
    metavar='DIR',
    envvar='LIFTLOCK_STATE',
    help='Keep runs, logs and artifacts here. [default: $XDG_STATE_HOME/liftlock]',
)
@click.option(
    '--database',
    metavar='URL',
    envvar='LIFTLOCK_DATABASE',
    help='Keep facts in this PostgreSQL. A password belongs into --database-file, or ~/.pgpass.',
)
@click.option(
    '--database-file',
    metavar='FILE',
    envvar='LIFTLOCK_DATABASE_FILE',
    help='The same: a file that holds the URL.',
)
@click.option(
    '--blobs',
    metavar='URL',
    envvar='LIFTLOCK_BLOBS',
    help='Keep artifacts, caches and old logs in this bucket, as s3://octo-ci/liftlock.',
)
@click.pass_context
def liftlock(ctx: click.Context, /, state: str | None, **named: str | None) -> None:
    """Run GitHub Actions workflows, unchanged, on this machine."""
    ctx.obj = state
    # Whatever this process starts, finds the same store.
    file = named['database_file']
    named['database_file'] = os.path.abspath(file) if file else None  # noqa: PTH100
    for name, value in named.items():
        if value:
            os.environ[f'LIFTLOCK_{name.upper()}'] = value


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """The console script. Given words, as tests do, it ends by SystemExit."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    _open_what_is_closed()
    if isinstance(sys.stdout, io.TextIOWrapper) and (
        sys.stdout.errors == 'strict' or sys.stdout.encoding != 'utf-8'
    ):
        sys.stdout.reconfigure(errors='replace')  # what a Latin-1 terminal lacks becomes a `?`
    status = _run(list(sys.argv[1:] if argv is None else argv))
    try:
        sys.stdout.flush()
    except OSError as error:
        if not isinstance(error, BrokenPipeError):  # for `| head` nothing is wrong
            status = _complain(f'cannot write: {error.strerror}', '', UNDECIDED)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if argv is None:
        _end_at_once(status)
    sys.exit(status)


def _open_what_is_closed() -> None:
    """Started with `>&-`, the next file that is opened (the database!) would be our output."""
    for number, name, mode in ((0, 'stdin', 'r'), (1, 'stdout', 'w'), (2, 'stderr', 'w')):
        if getattr(sys, name) is None:
            nothing = os.open(os.devnull, os.O_RDWR)
            if nothing != number:
                os.dup2(nothing, number)
                os.close(nothing)
            setattr(sys, name, open(number, mode, closefd=False))  # noqa: SIM115


def _end_at_once(status: int) -> NoReturn:
    """Leave without taking the interpreter apart: freeing 300 modules takes longer than a step."""
    atexit._run_exitfuncs()
    sys.stderr.flush()
    os._exit(status)


def _run(arguments: list[str]) -> int:
    """The one place where every way to end becomes a number."""
    try:
        status = liftlock.main(arguments, prog_name='liftlock', standalone_mode=False)
    except UserError as error:
        return _complain(str(error), error.hint, error.exit_code)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return USAGE
    except click.UsageError as error:
        where = error.ctx.command_path if error.ctx else 'liftlock'
        return _complain(error.format_message(), f'see `{where} --help`', USAGE)
    except click.ClickException as error:
        return _complain(error.format_message(), '', USAGE)
    except (KeyboardInterrupt, click.Abort):
        return INTERRUPTED
    except SystemExit:  # so click ends when the reader of our output went away: nothing is wrong
        return 0
    except Exception as error:
        if isinstance(error, OSError) and error.errno in FULL:
            return _complain(f'cannot write: {error.strerror}', 'make room, then go on', UNDECIDED)
        if isinstance(error, FileNotFoundError) and _is_nowhere():
            return _complain('the current directory is gone', 'change to another one', USAGE)
        return _report(error, arguments)
    return status if isinstance(status, int) else 0


def _is_nowhere() -> bool:
    try:
        os.getcwd()  # noqa: PTH109
    except FileNotFoundError:
        return True
    return False


def _complain(message: str, hint: str, status: int) -> int:
    print(f'liftlock: {message}', file=sys.stderr)
    if hint:
        print(f'  {hint}', file=sys.stderr)
    return status


def _report(error: Exception, arguments: list[str]) -> int:
    from liftlock.cli import bug

    path = bug.write(error, arguments)
    print(
        f'liftlock: this is a bug in liftlock, not in your workflow: {error!r}\n'
        f'  please paste {path} into an issue',
        file=sys.stderr,
    )
    return BUG
