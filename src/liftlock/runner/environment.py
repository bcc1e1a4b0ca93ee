"""What a step's processes find in their environment. Later wins:

1. what the host lets through, a HOME of the job's own, and where tools keep their caches
2. `env:` of workflow and job, then what steps wrote to GITHUB_ENV
3. `env:` of the step
4. STATE_… and INPUT_… of actions
5. PATH, with what steps wrote to GITHUB_PATH in front
6. GITHUB_… and RUNNER_…, which nobody can override
"""

from collections.abc import Mapping
from typing import Final

from liftlock.language.expressions.values import Value
from liftlock.runner.directories import Directories

DEFAULT_PATH: Final = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

# Jobs have homes of their own, so tools would fetch everything again for each of them.
CACHES: Final = (
    ('PIP_CACHE_DIR', 'pip'),
    ('npm_config_cache', 'npm'),
    ('UV_CACHE_DIR', 'uv'),
    ('PRE_COMMIT_HOME', 'pre-commit'),
    ('YARN_CACHE_FOLDER', 'yarn'),
)

# What of `github` becomes a variable for the whole job; the rest belongs to a step.
_KEYS: Final = (
    'actor', 'actor_id', 'api_url', 'base_ref', 'event_name', 'event_path', 'graphql_url',
    'head_ref', 'job', 'ref', 'ref_name', 'ref_protected', 'ref_type', 'repository',
    'repository_id', 'repository_owner', 'repository_owner_id', 'retention_days', 'run_attempt',
    'run_id', 'run_number', 'server_url', 'sha', 'triggering_actor', 'workflow', 'workflow_ref',
    'workflow_sha', 'workspace',
)  # fmt: skip
GITHUB: Final = {key: f'GITHUB_{key.upper()}' for key in _KEYS}
_ARCHITECTURES: Final = {
    'x86_64': 'X64', 'amd64': 'X64', 'aarch64': 'ARM64', 'arm64': 'ARM64', 'i686': 'X86',
    'i386': 'X86', 'armv7l': 'ARM',
}  # fmt: skip


def base(host: Mapping[str, str], home: str, cache_home: str, tracking_id: str) -> dict[str, str]:
    """The ground on which a job's own variables are laid."""
    return {
        'LANG': 'C.UTF-8',
        'CI': 'true',
        **{name: f'{cache_home}/{folder}' for name, folder in CACHES},
        **host,
        'PATH': host.get('PATH') or DEFAULT_PATH,
        'HOME': home,
        'TZ': 'UTC',
        'RUNNER_TRACKING_ID': tracking_id,
    }


def fixed(github: Mapping[str, Value], runner: Mapping[str, Value]) -> dict[str, str]:
    """Variables that nothing in the job can change."""
    found = {'GITHUB_ACTIONS': 'true'}
    for key, variable in GITHUB.items():
        value = github.get(key)
        if isinstance(value, str):
            found[variable] = value
        elif isinstance(value, bool):
            found[variable] = 'true' if value else 'false'
    for key, value in runner.items():
        if isinstance(value, str) and value:
            found[f'RUNNER_{key.upper()}'] = value
    return found


def runner(
    system: str, machine: str, name: str, directories: Directories, tool_cache: str, *, debug: bool
) -> dict[str, Value]:
    """The `runner` context. `system` and `machine` are what uname says."""
    context: dict[str, Value] = {
        'os': 'macOS' if system == 'Darwin' else system,
        'arch': _ARCHITECTURES.get(machine.lower(), machine.upper()),
        'name': name,
        'environment': 'self-hosted',
        'temp': directories.temp,
        'tool_cache': tool_cache,
        'workspace': directories.runner_workspace,
    }
    if debug:
        context['debug'] = '1'
    return context


def inputs(given: Mapping[str, str]) -> dict[str, str]:
    """INPUT_…: capitals, blanks become `_`, dashes stay."""
    return {f'INPUT_{name.replace(" ", "_").upper()}': text for name, text in given.items()}
