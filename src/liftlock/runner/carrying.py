"""Carries out the workflow commands of one stage, and looks for problems in its lines."""

# Paths are texts here: pathlib costs more than the calls themselves.
# ruff: noqa: PTH118

import json
import os
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from liftlock.runner.commands import COMMANDS, NEVER_ECHOED, Command, spot
from liftlock.runner.executors import files
from liftlock.runner.state import Effects, Job, Record

if TYPE_CHECKING:
    from liftlock.runner.matchers import Finding, Matcher

_STOP: Final = 'stop-commands'
_PAUSE: Final = 'pause-logging'
_LONG_TOKEN: Final = 6
_LARGEST: Final = 1 << 20  # bytes of a file with matchers
_SLOW: Final = 1.0  # seconds for one line
_TRIES: Final = 3
_DISABLED: Final = (
    'The `{}` command is disabled. Write to the file that {} names instead, or opt into unsecure '
    'commands by setting the environment variable `ACTIONS_ALLOW_UNSECURE_COMMANDS` to `true`.'
)


class Refused(Exception):
    """A command that cannot be carried out; the message says why."""


class Carrier:
    """State of one stage: whether commands are stopped, and whether they are echoed."""

    __slots__ = (
        '_echo', '_effects', '_env', '_job', '_outside', '_record', '_token', 'registered',
    )  # fmt: skip

    def __init__(
        self,
        job: Job,
        record: Record,
        effects: Effects,
        env: dict[str, str],
        outside: Callable[[str], str],
    ) -> None:
        self._job = job
        self._record = record
        self._effects = effects
        self._env = env
        self._outside = outside
        self._echo = job.debug
        self._token = ''  # commands are stopped until it comes
        self.registered: frozenset[str] = COMMANDS

    def carry_out(self, command: Command, line: str) -> bool:
        """False if the line is plain output after all, because commands are stopped."""
        if self._token:
            return self._resume(command, line)
        name = command.name
        if self._echo and name not in NEVER_ECHOED and name != _STOP:
            self._record.say(line)
        try:
            self._obey(command)
            if name == _STOP:
                self._record.say(line)  # after its token has become a secret
        except Refused as refused:
            shown = name if name in NEVER_ECHOED else line
            self._record.fail(f"Unable to process command '{shown}' successfully.")
            self._record.fail(str(refused))
            self._effects.failed = True
        return True

    def _resume(self, command: Command, line: str) -> bool:
        if command.name != self._token:
            return False
        self._record.say(line)
        self._token = ''
        self.registered = COMMANDS
        return True

    def _obey(self, command: Command) -> None:
        _WAYS[command.name](self, command)

    def _debug(self, command: Command) -> None:
        if self._job.debug:
            self._record.say(f'##[debug]{command.data}')

    def _group(self, command: Command) -> None:
        self._record.say(f'##[group]{command.data}')

    def _end_group(self, command: Command) -> None:
        self._record.say('##[endgroup]')

    def _set_output(self, command: Command) -> None:
        self._effects.outputs[_name(command)] = command.data

    def _save_state(self, command: Command) -> None:
        self._effects.state[_name(command)] = command.data

    def _mask(self, command: Command) -> None:
        if command.data.strip():
            self._job.masker.add(command.data)
        else:
            self._record.annotate('warning', "Can't add secret mask for empty string.")

    def _annotate(self, command: Command) -> None:
        where = spot(command.properties)
        workspace = f'{self._job.directories.workspace}/'
        where = where._replace(file=self._outside(where.file))
        if where.file.startswith(workspace):
            where = where._replace(file=os.path.normpath(where.file[len(workspace) :]))
        title = command.properties.get('title', '')
        self._record.annotate(command.name, command.data, title, where)

    def _set_unsecurely(self, command: Command) -> None:
        if self._env.get('ACTIONS_ALLOW_UNSECURE_COMMANDS', '').lower() != 'true':
            file = 'GITHUB_ENV' if command.name == 'set-env' else 'GITHUB_PATH'
            raise Refused(_DISABLED.format(command.name, file))
        if command.name == 'add-path':
            self._effects.path.append(_required(command.data, command.name))
            return
        variable = _name(command)
        if variable.upper() == 'NODE_OPTIONS':
            raise Refused("Can't update NODE_OPTIONS using the ::set-env:: command.")
        self._effects.env[variable] = command.data

    def _set_echo(self, command: Command) -> None:
        wanted = command.data.strip().lower()
        if wanted not in ('on', 'off'):
            raise Refused(
                "Invalid echo command value. Possible values can be: 'on', 'off'. "
                f"Current value is: '{command.data}'."
            )
        self._echo = wanted == 'on'

    def _stop(self, command: Command) -> None:
        token = command.data
        bad = not token or token == _PAUSE or token.lower() in COMMANDS
        allowed = self._env.get('ACTIONS_ALLOW_UNSECURE_STOPCOMMAND_TOKENS', '').lower() == 'true'
        if bad and not (allowed and token):
            raise Refused(
                'The token that ends stop-commands must not be empty, nor `pause-logging`, nor the '
                'name of a workflow command. Choose a random one.'
            )
        self._token = token.lower()
        self.registered = COMMANDS | {self._token}
        if len(token) > _LONG_TOKEN:
            self._job.masker.add(token)

    def _add_matcher(self, command: Command) -> None:
        added = self._read_matchers(_required(command.data, command.name))
        owners = {matcher.owner.lower() for matcher in added}
        kept = [old for old in self._job.matchers if old.owner.lower() not in owners]
        self._job.matchers = [*reversed(added), *kept]
        names = ', '.join(f"'{matcher.owner}'" for matcher in added)
        self._record.say(
            f'Added matchers: {names}. Problem matchers scan action output for known warning or '
            'error strings and report these inline.'
        )

    def _remove_matcher(self, command: Command) -> None:
        owners = {command.properties.get('owner', '').lower()}
        if owners == {''}:
            listed = self._read_matchers(_required(command.data, command.name))
            owners = {matcher.owner.lower() for matcher in listed}
        removed = [old for old in self._job.matchers if old.owner.lower() in owners]
        self._job.matchers = [old for old in self._job.matchers if old not in removed]
        if removed:
            names = ', '.join(f"'{matcher.owner}'" for matcher in removed)
            self._record.say(f'Removed matchers: {names}')

    def _read_matchers(self, file: str) -> 'list[Matcher]':
        from liftlock.runner.matchers import BadMatcher, parse

        outside = self._outside(file)
        path = os.path.join(self._job.directories.workspace, outside)
        try:
            return parse(json.loads(files.read(self._job.workplace.files, path, _LARGEST)))
        except (OSError, ValueError, BadMatcher) as error:
            raise Refused(f"Problem matchers of '{file}' cannot be read: {error}") from None

    def finds_problem(self, line: str) -> bool:
        """Show the line as an annotation if a matcher finds a problem in it."""
        from liftlock.runner.matchers import plain

        bare = plain(line)
        for matcher in self._job.matchers:
            started = time.monotonic()
            finding = matcher.match(bare)
            if time.monotonic() - started > _SLOW:
                self._lose_patience(matcher)
            if finding is None:
                continue
            for other in self._job.matchers:
                if other is not matcher:
                    other.reset()
            if not finding.counts:
                return False
            self._show(finding, bare)
            return True
        return False

    def _lose_patience(self, matcher: 'Matcher') -> None:
        """An expression that backtracks without end is tried three times."""
        matcher.slow += 1
        if matcher.slow >= _TRIES:
            self._job.matchers = [old for old in self._job.matchers if old is not matcher]
            self._record.annotate(
                'warning',
                f"Removed issue matcher '{matcher.owner}' because its pattern took too long",
            )

    def _show(self, finding: 'Finding', line: str) -> None:
        from liftlock.runner.problems import locate

        self._record.annotate(
            finding.severity,
            finding.message,
            spot=locate(
                finding, self._job.directories.workspace, self._outside, self._job.workplace.files
            ),
            line=line,
        )


# What each command does.
_WAYS: Final[Mapping[str, Callable[[Carrier, Command], None]]] = {
    'add-mask': Carrier._mask,
    'add-matcher': Carrier._add_matcher,
    'add-path': Carrier._set_unsecurely,
    'debug': Carrier._debug,
    'echo': Carrier._set_echo,
    'endgroup': Carrier._end_group,
    'error': Carrier._annotate,
    'group': Carrier._group,
    'notice': Carrier._annotate,
    'remove-matcher': Carrier._remove_matcher,
    'save-state': Carrier._save_state,
    'set-env': Carrier._set_unsecurely,
    'set-output': Carrier._set_output,
    'stop-commands': Carrier._stop,
    'warning': Carrier._annotate,
}


def _name(command: Command) -> str:
    return _required(command.properties.get('name'), command.name)


def _required(value: str | None, command: str) -> str:
    if not value:
        raise Refused(f"Required field 'name' is missing in ##[{command}] command.")
    return value
