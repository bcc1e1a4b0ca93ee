"""What a service asks for, read from its `ports:`, `options:`, `entrypoint:` and `command:`.

`options:` are words for `docker create`; https://docs.docker.com/reference/cli/docker/container/run/
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from liftlock.language.records import NamedTuple
from liftlock.runner.containers import Container
from liftlock.runner.executors.base import CannotPrepare
from liftlock.runner.services import ports
from liftlock.runner.services.ports import Port
from liftlock.runner.shells import split

# Options that take no value; all others take one.
_FLAGS: Final = frozenset({
    '--privileged', '--init', '--rm', '--detach', '-d', '--interactive', '-i', '--tty', '-t',
    '--read-only', '--no-healthcheck', '--oom-kill-disable', '--publish-all', '-P', '--sig-proxy',
    '--quiet', '-q', '--disable-content-trust',
})  # fmt: skip
_LONG: Final = {'-e': '--env', '-p': '--publish', '-v': '--volume'}
_DURATION: Final = re.compile(r'(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)')
_SECONDS: Final = {
    'ns': 1e-9, 'us': 1e-6, 'µs': 1e-6, 'ms': 1e-3, 's': 1.0, 'm': 60.0, 'h': 3600.0,
}  # fmt: skip


class Health(NamedTuple):
    """How to tell whether the service is well. Times are in seconds."""

    command: str  # for `sh -c`
    interval: float = 30.0
    timeout: float = 30.0
    retries: int = 3
    start_period: float = 0.0


class Asked(NamedTuple):
    env: Mapping[str, str]
    ports: tuple[Port, ...]
    health: Health | None
    entrypoint: tuple[str, ...]
    command: tuple[str, ...]
    ignored: tuple[str, ...]  # what only a container can have

    def number(self, *names: str) -> str:
        """The value of the last of these options in the command; '' if none is there."""
        found = ''
        for index, word in enumerate(self.command):
            name, equals, value = word.partition('=')
            if name in names:
                found = value if equals else ''.join(self.command[index + 1 : index + 2])
        return found


def read(service: Container) -> Asked:
    """Raises CannotPrepare for what docker would refuse of what is read here."""
    options = list(_options(service.options))
    env = dict(service.env)
    published = list(service.ports)
    entrypoint = service.entrypoint
    ignored = [f'volumes: {volume}' for volume in service.volumes]
    health: dict[str, str] = {}
    for name, value in options:
        if name == '--env' and '=' in value:
            variable, _, text = value.partition('=')
            env[variable] = text
        elif name == '--publish':
            published.append(value)
        elif name == '--entrypoint':
            entrypoint = entrypoint or value
        elif name.startswith('--health-') or name == '--no-healthcheck':
            health[name] = value
        else:
            ignored.append(f'options: {name} {value}'.rstrip())
    return Asked(
        env,
        tuple(ports.parse_all(published)),
        _health(health),
        tuple(split(entrypoint)),
        tuple(split(service.command)),
        tuple(ignored),
    )


def _options(text: str) -> Iterator[tuple[str, str]]:
    """Name and value of each; short names are made long."""
    words = iter(split(text))
    for word in words:
        name, equals, value = word.partition('=')
        if word in _FLAGS or _is_bundle(word):
            yield word, ''
        elif name.startswith('--'):
            yield name, value if equals else next(words, '')
        elif word.startswith('-') and len(word) > 1:
            short = word[:2]
            yield _LONG.get(short, short), word[2:].removeprefix('=') or next(words, '')
        else:
            yield word, ''


def _is_bundle(word: str) -> bool:
    """`-it`: several short flags in one word."""
    return bool(re.fullmatch(r'-[a-zA-Z]{2,}', word)) and all(
        f'-{one}' in _FLAGS for one in word[1:]
    )


def _health(given: Mapping[str, str]) -> Health | None:
    command = given.get('--health-cmd', '')
    if not command or '--no-healthcheck' in given:
        return None
    retries = given.get('--health-retries', '')
    if not (retries or '0').isdecimal():
        raise CannotPrepare(f'`--health-retries {retries}`: expected a number')
    default = Health('')
    return Health(
        command,
        _seconds(given, '--health-interval') or default.interval,
        _seconds(given, '--health-timeout') or default.timeout,
        int(retries or 0) or default.retries,
        _seconds(given, '--health-start-period'),
    )


def _seconds(given: Mapping[str, str], name: str) -> float:
    """Of a duration as Go writes it, `1m30s`; 0 where it is not given, which means the default."""
    text = given.get(name, '')
    if not re.fullmatch(rf'(?:{_DURATION.pattern})*|0', text):
        raise CannotPrepare(f'`{name} {text}`: expected a duration such as 10s or 1m30s')
    return sum(float(number) * _SECONDS[unit] for number, unit in _DURATION.findall(text))
