"""The inputs of aws-actions/configure-aws-credentials, as they differ by major version."""

import re
from typing import Final

from liftlock.language.records import NamedTuple
from liftlock.runner.actions import sts
from liftlock.runner.actions.aws import Credentials
from liftlock.runner.actions.majors import major
from liftlock.runner.workbench import StepFailed, Workbench

NAMES: Final = (
    'aws-region', 'aws-profile', 'overwrite-aws-profile', 'role-to-assume', 'aws-access-key-id',
    'aws-secret-access-key', 'aws-session-token', 'web-identity-token-file', 'role-chaining',
    'audience', 'http-proxy', 'no-proxy', 'mask-aws-account-id', 'role-duration-seconds',
    'role-external-id', 'role-session-name', 'role-skip-session-tagging', 'transitive-tag-keys',
    'inline-session-policy', 'managed-session-policies', 'output-credentials',
    'output-env-credentials', 'unset-current-credentials', 'disable-retry', 'retry-max-attempts',
    'special-characters-workaround', 'use-existing-credentials', 'allowed-account-ids',
    'force-skip-oidc', 'action-timeout-s', 'custom-tags', 'sts-endpoint',
)  # fmt: skip
# From v4 on these may come by a variable of that name, where the input is not given.
_BY_VARIABLE: Final = (
    'aws-region', 'role-to-assume', 'web-identity-token-file', 'role-chaining', 'audience',
    'mask-aws-account-id', 'role-duration-seconds', 'role-external-id', 'role-session-name',
    'role-skip-session-tagging', 'transitive-tag-keys', 'inline-session-policy',
    'managed-session-policies', 'output-credentials', 'unset-current-credentials',
)  # fmt: skip
_HOUR: Final = 3600
_LONGEST: Final = 6 * _HOUR  # what v1 and v2 ask for with keys


class Wanted(NamedTuple):
    """What the inputs come to. `keys` is None where none are given."""

    region: str
    role: str
    keys: Credentials | None
    chained: bool
    token_file: str
    profile: str
    exports: bool
    outputs: bool
    masks: bool
    accounts: tuple[str, ...]


def read(bench: Workbench) -> Wanted:
    region, profile = read_text(bench, 'aws-region'), read_text(bench, 'aws-profile')
    key, secret = read_text(bench, 'aws-access-key-id'), read_text(bench, 'aws-secret-access-key')
    role_, file = read_text(bench, 'role-to-assume'), read_text(bench, 'web-identity-token-file')
    if not region:
        raise StepFailed('Input required and not supplied: aws-region')
    if not re.fullmatch(r'[a-z0-9-]+', region):
        raise StepFailed(f'Region is not valid: {region}')
    if key and not secret:
        raise StepFailed(
            "'aws-secret-access-key' must be provided if 'aws-access-key-id' is provided"
        )
    if is_true(bench, 'force-skip-oidc') and role_ and not key and not file:
        raise StepFailed(
            "If 'force-skip-oidc' is true and 'role-to-assume' is set, 'aws-access-key-id' or "
            "'web-identity-token-file' must be set"
        )
    listed = read_text(bench, 'allowed-account-ids').split(',')
    hides = read_text(bench, 'mask-aws-account-id').lower()
    return Wanted(
        region=region,
        role=role_,
        keys=Credentials(key, secret, read_text(bench, 'aws-session-token')) if key else None,
        chained=is_true(bench, 'role-chaining'),
        token_file=file,
        profile=profile,
        exports=exports(bench, profile),
        outputs=is_true(bench, 'output-credentials'),
        masks=hides == 'true' or (not hides and major(bench.ref) <= 2),
        accounts=tuple(filter(None, map(str.strip, listed))),
    )


def read_text(bench: Workbench, name: str) -> str:
    given = bench.inputs[name].strip()
    if given or name not in _BY_VARIABLE or major(bench.ref) < 4:
        return given
    return bench.env.get(name.replace('-', '_').upper(), '')


def is_true(bench: Workbench, name: str) -> bool:
    return read_text(bench, name).lower() == 'true'


def exports(bench: Workbench, profile: str) -> bool:
    """Variables are set unless there is a profile instead, or the workflow says otherwise."""
    said = read_text(bench, 'output-env-credentials').lower()
    return said == 'true' if said else not profile


def role(bench: Workbench, wanted: Wanted, token: str) -> sts.Role:
    session = read_text(bench, 'role-session-name') or 'GitHubActions'
    if not re.fullmatch(r'[\w+=,.@-]{2,64}', session, re.ASCII):
        raise StepFailed(
            f"Role session name is not valid: '{session}'. It must have 2 to 64 characters of "
            '[\\w+=,.@-]'
        )
    custom = read_text(bench, 'custom-tags')
    if token and custom:
        bench.warning(
            "'custom-tags' is set but will be ignored because session tags cannot be applied when "
            'using OIDC or web identity token authentication.'
        )
    skips = is_true(bench, 'role-skip-session-tagging') or bool(token)
    seconds = read_text(bench, 'role-duration-seconds')
    return sts.Role(
        name=wanted.role,
        session=session,
        seconds=int(seconds) if seconds.isdecimal() else _usual_duration(bench, wanted, token),
        external_id=read_text(bench, 'role-external-id'),
        policy=read_text(bench, 'inline-session-policy'),
        policies=lines(bench, 'managed-session-policies'),
        tags=() if skips else sts.make_tags(bench.env, custom, more=major(bench.ref) >= 6),
        transitive=lines(bench, 'transitive-tag-keys'),
    )


def lines(bench: Workbench, name: str) -> list[str]:
    return [line for line in map(str.strip, read_text(bench, name).splitlines()) if line]


def _usual_duration(bench: Workbench, wanted: Wanted, token: str) -> int:
    long = wanted.keys is not None and not wanted.keys.token and not wanted.chained and not token
    return _LONGEST if long and major(bench.ref) <= 2 else _HOUR
