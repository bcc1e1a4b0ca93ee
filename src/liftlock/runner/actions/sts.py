"""Roles of AWS: who one is, and becoming somebody else for an hour.

Source of tags and their limits: aws-actions/configure-aws-credentials, and AWS's "Passing session
tags in STS".
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from liftlock.language.records import NamedTuple
from liftlock.runner.actions.aws import Aws, Credentials, Refused
from liftlock.runner.workbench import StepFailed

_TAGS: Final = {
    'Repository': 'GITHUB_REPOSITORY',
    'Workflow': 'GITHUB_WORKFLOW',
    'Action': 'GITHUB_ACTION',
    'Actor': 'GITHUB_ACTOR',
    'Commit': 'GITHUB_SHA',
    'Branch': 'GITHUB_REF',
}
# Left out if all of them are too much for AWS; up to v5 they are not sent at all.
_MORE_TAGS: Final = {
    'EventName': 'GITHUB_EVENT_NAME',
    'BaseRef': 'GITHUB_BASE_REF',
    'HeadRef': 'GITHUB_HEAD_REF',
    'RunId': 'GITHUB_RUN_ID',
    'Job': 'GITHUB_JOB',
    'TriggeringActor': 'GITHUB_TRIGGERING_ACTOR',
}
_LONGEST_VALUE: Final = 256
_LONGEST_KEY: Final = 128
_MOST_TAGS: Final = 50
_FORBIDDEN: Final = re.compile(r'[^\w .:/=+\-@]')
_TOO_LARGE: Final = 'PackedPolicyTooLarge'


class Identity(NamedTuple):
    account: str
    arn: str


class Assumed(NamedTuple):
    credentials: Credentials
    expiration: str
    id: str


class Role(NamedTuple):
    """What is asked of AWS. `name` may be an ARN; tags are (key, value)."""

    name: str
    session: str
    seconds: int
    external_id: str = ''
    policy: str = ''
    policies: Sequence[str] = ()
    tags: Sequence[tuple[str, str]] = ()
    transitive: Sequence[str] = ()


async def identify(aws: Aws) -> Identity:
    """StepFailed if the credentials are no good, or there are none."""
    try:
        told = await aws.call('sts', 'GetCallerIdentity')
    except Refused as error:
        raise StepFailed(
            f'Credentials could not be loaded, please check your action inputs: {error}'
        ) from None
    if not told.get('Account') or not told.get('Arn'):
        raise StepFailed('Could not get Account ID or ARN from STS. Did you set credentials?')
    return Identity(str(told['Account']), str(told['Arn']))


async def assume(aws: Aws, role: Role, account: str, token: str, how: str) -> Assumed:
    """By a web identity's token if there is one, which brings its own tags; else by credentials.

    `account` completes a role's name, `how` says in errors by what it is done. StepFailed.
    """
    parameters = _parameters(role, account)
    try:
        if token:
            told = await aws.call(
                'sts', 'AssumeRoleWithWebIdentity', WebIdentityToken=token, **parameters
            )
        else:
            told = await _assume_with_tags(aws, role, parameters)
    except Refused as error:
        raise StepFailed(f'Could not assume role with {how}: {error}') from None
    given = told['Credentials']
    key = Credentials(given['AccessKeyId'], given['SecretAccessKey'], given['SessionToken'])
    user = told.get('AssumedRoleUser') or {}
    return Assumed(key, str(given.get('Expiration', '')), str(user.get('AssumedRoleId', '')))


def _parameters(role: Role, account: str) -> dict[str, Any]:
    if not role.name.startswith('arn:aws') and not account:
        raise StepFailed(
            'Source Account ID is needed if the Role Name is provided and not the Role Arn.'
        )
    arn = (
        role.name if role.name.startswith('arn:aws') else f'arn:aws:iam::{account}:role/{role.name}'
    )
    return {
        'RoleArn': arn,
        'RoleSessionName': role.session,
        'DurationSeconds': role.seconds,
        'Policy': role.policy or None,
        'PolicyArns': [{'arn': policy} for policy in role.policies] or None,
    }


async def _assume_with_tags(aws: Aws, role: Role, parameters: Mapping[str, Any]) -> dict[str, Any]:
    def ask(tags: Sequence[tuple[str, str]]) -> dict[str, Any]:
        known = {key for key, _ in tags}
        return {
            **parameters,
            'ExternalId': role.external_id or None,
            'Tags': [{'Key': key, 'Value': value} for key, value in tags] or None,
            'TransitiveTagKeys': [key for key in role.transitive if key in known] or None,
        }

    try:
        return await aws.call('sts', 'AssumeRole', **ask(role.tags))
    except Refused as error:
        if not error.code.startswith(_TOO_LARGE):
            raise
    aws.bench.log('Session tag size is too large; dropping droppable tags and retrying.')
    kept = [(key, value) for key, value in role.tags if key not in _MORE_TAGS]
    return await aws.call('sts', 'AssumeRole', **ask(kept))


# --- tags


def make_tags(env: Mapping[str, str], custom: str, *, more: bool) -> list[tuple[str, str]]:
    """What a session is tagged with. `custom` is a JSON object. StepFailed for a bad one."""
    sources = {**_TAGS, **(_MORE_TAGS if more else {})}
    found = [('GitHub', 'Actions')]
    found += [(key, _clean(env[name])) for key, name in sources.items() if env.get(name)]
    own = _parse_custom(custom) if custom else []
    for key, _ in own:
        if key in ('GitHub', *_TAGS, *_MORE_TAGS):
            raise StepFailed(
                f"custom-tags: key '{key}' conflicts with a protected session tag set by this "
                'action and cannot be overridden'
            )
    if len(found) + len(own) > _MOST_TAGS:
        raise StepFailed(
            f'custom-tags: total session tags ({len(found) + len(own)}) would exceed the AWS '
            f'limit of {_MOST_TAGS}'
        )
    return found + own


def _clean(value: str) -> str:
    return _FORBIDDEN.sub('_', value)[:_LONGEST_VALUE]


def _parse_custom(text: str) -> list[tuple[str, str]]:
    try:
        given = json.loads(text)
    except ValueError:
        raise StepFailed('custom-tags: input is not valid JSON') from None
    if not isinstance(given, dict):
        raise StepFailed('custom-tags: input must be a JSON object (not an array or primitive)')
    return [(key, _check(key, value)) for key, value in given.items()]


def _check(key: str, value: object) -> str:
    if isinstance(value, dict | list) or value is None:
        raise StepFailed(
            f"custom-tags: value for key '{key}' must be a string, number, or boolean (not an "
            'object or array)'
        )
    text = json.dumps(value) if not isinstance(value, str) else value
    if not 0 < len(key) <= _LONGEST_KEY:
        raise StepFailed(
            f"custom-tags: key '{key}' must be between 1 and {_LONGEST_KEY} characters"
        )
    if len(text) > _LONGEST_VALUE:
        raise StepFailed(
            f"custom-tags: value for key '{key}' exceeds maximum length of {_LONGEST_VALUE} "
            'characters'
        )
    for what, shown in (('key', key), ('value for key', text)):
        if _FORBIDDEN.search(shown):
            raise StepFailed(
                f"custom-tags: {what} '{key}' contains invalid characters. Allowed: unicode "
                'letters, digits, spaces, and _.:/=+-@'
            )
    return text
