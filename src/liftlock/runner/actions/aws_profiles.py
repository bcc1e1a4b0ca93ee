"""Profiles in the files that AWS's own programs read, ~/.aws of the job.

They are read and written by processes of the step: what they may not touch, we may not for them.
"""

import re
from collections.abc import Mapping
from typing import Final

from liftlock.runner.actions.answers import ask
from liftlock.runner.actions.aws import Credentials
from liftlock.runner.workbench import StepFailed, Workbench

_WRITE: Final = 'umask 077; mkdir -p "${1%/*}" && cat > "$1" && chmod 600 "$1"'


async def write(
    bench: Workbench, name: str, credentials: Credentials, region: str, *, overwrite: bool
) -> None:
    """StepFailed for a bad name, and for one that is taken unless it may be overwritten."""
    problem = _check(name)
    if problem:
        raise StepFailed(f"Failed to write AWS profile '{name}': {problem}")
    keys = {
        'aws_access_key_id': credentials.key,
        'aws_secret_access_key': credentials.secret,
        'aws_session_token': credentials.token,
    }
    section = name if name == 'default' else f'profile {name}'
    for variable, file, title, values in (
        ('AWS_SHARED_CREDENTIALS_FILE', 'credentials', name, keys),
        ('AWS_CONFIG_FILE', 'config', section, {'region': region}),
    ):
        path = bench.env.get(variable) or str(bench.home / '.aws' / file)
        await _merge(bench, path, title, values, overwrite=overwrite)
    bench.log(f'Successfully configured AWS profile: {name}')


def _check(name: str) -> str:
    if re.search(r'\s', name):
        return 'aws-profile must not contain whitespace'
    if re.search(r'[\[\]]', name):
        return 'aws-profile must not contain brackets'
    return 'aws-profile must not contain path separators' if re.search(r'[/\\]', name) else ''


async def _merge(
    bench: Workbench, path: str, title: str, values: Mapping[str, str], *, overwrite: bool
) -> None:
    there = await ask(bench, 'cat', path)
    sections = _parse(there.text if there.code == 0 else '')
    if title in sections and not overwrite:
        raise StepFailed(
            f'Profile with name "{title}" already exists. Please use the overwrite-aws-profile '
            'input if you want to overwrite existing profiles.'
        )
    sections[title] = {key: value for key, value in values.items() if value}
    text = '\n\n'.join(
        '\n'.join((f'[{name}]', *(f'{key} = {value}' for key, value in pairs.items())))
        for name, pairs in sections.items()
    )
    done = await ask(bench, 'sh', '-c', _WRITE, 'sh', path, given=f'{text}\n')
    if done.code:
        raise StepFailed(f'{path} cannot be written: {done.reason}')


def _parse(text: str) -> dict[str, dict[str, str]]:
    sections: dict[str, dict[str, str]] = {}
    current: dict[str, str] = {}
    for line in map(str.strip, text.splitlines()):
        if line.startswith('[') and line.endswith(']'):
            current = sections.setdefault(line[1:-1], {})
        elif '=' in line and not line.startswith(('#', ';')):
            key, _, value = line.partition('=')
            current[key.strip()] = value.strip()
    return sections
