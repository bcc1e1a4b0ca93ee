"""aws-actions/configure-aws-credentials, all majors: the job becomes somebody at AWS.

By keys, by a role that they may assume, by the role that the job has, or by an OIDC token of
Liftlock's own issuer, which AWS must have been told of. Nothing of the user's own ~/.aws is used.
"""

import re
from collections.abc import Mapping
from typing import Final

from liftlock.runner.actions import aws_inputs, aws_profiles, id_tokens, sts
from liftlock.runner.actions.aws import Aws, Credentials, open_aws
from liftlock.runner.actions.aws_inputs import Wanted, exports, is_true, read_text
from liftlock.runner.actions.majors import major
from liftlock.runner.workbench import StepFailed, Workbench

INPUTS: Final[Mapping[str, str]] = {
    **dict.fromkeys(aws_inputs.NAMES, ''),
    'audience': 'sts.amazonaws.com',
}
_ACTION: Final = 'aws-actions/configure-aws-credentials'
_KEYS: Final = ('AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN')
_REGIONS: Final = ('AWS_DEFAULT_REGION', 'AWS_REGION')
_SPECIAL: Final = re.compile(r'[^A-Za-z0-9]')
_MOST_TRIES: Final = 12
_WITHOUT: Final = (
    'It looks like you might be trying to authenticate with OIDC. Did you mean to set the '
    '`id-token` permission? If you are not trying to authenticate with OIDC and the action is '
    'working successfully, you can ignore this message.'
)


async def main(bench: Workbench) -> None:
    wanted = aws_inputs.read(bench)
    if wanted.exports:
        if is_true(bench, 'unset-current-credentials'):
            _export(bench, dict.fromkeys((*_KEYS, *_REGIONS), ''))
        _export(bench, dict.fromkeys(_REGIONS, wanted.region))
    aws = await _open(bench, wanted)
    if read_text(bench, 'use-existing-credentials') and await _has_good_ones(bench, aws):
        return
    token, how = await _find_token(bench, wanted)
    if wanted.keys is not None:
        await _take(bench, wanted, wanted.keys)
        aws = aws._replace(variables={**aws.variables, **wanted.keys.variables})
    account = ''
    if not token:
        account = await _identify(bench, aws, wanted, last=not wanted.role)
    if not wanted.role:
        bench.log('Proceeding with IAM user credentials')
    else:
        await _become(bench, aws, wanted, account, token, how)
    if wanted.profile and wanted.exports:
        bench.export('AWS_PROFILE', wanted.profile)


async def post(bench: Workbench) -> None:
    """An empty text is as good as none for AWS's programs, and a variable cannot be taken away."""
    profile = read_text(bench, 'aws-profile')
    if bench.env.get('AWS_SKIP_CLEANUP_STEP') == 'true' or not exports(bench, profile):
        return
    _export(bench, dict.fromkeys((*_KEYS, *_REGIONS, *(['AWS_PROFILE'] if profile else [])), ''))


async def _open(bench: Workbench, wanted: Wanted) -> Aws:
    """Retries are those of AWS's own client."""
    tries = read_text(bench, 'retry-max-attempts')
    attempts = '1' if is_true(bench, 'disable-retry') else tries if tries.isdecimal() else ''
    variables = {
        'AWS_STS_REGIONAL_ENDPOINTS': 'regional',
        **({'AWS_MAX_ATTEMPTS': attempts} if attempts else {}),
        **({'NO_PROXY': spared} if (spared := read_text(bench, 'no-proxy')) else {}),
    }
    proxy, endpoint = read_text(bench, 'http-proxy'), read_text(bench, 'sts-endpoint')
    aws = await open_aws(bench, _ACTION, region=wanted.region, proxy=proxy, endpoint=endpoint)
    return aws._replace(variables={**aws.variables, **variables})


# --- who the job is


async def _has_good_ones(bench: Workbench, aws: Aws) -> bool:
    try:
        await sts.identify(aws)
    except StepFailed:
        bench.notice('No valid credentials exist. Running as normal.')
        return False
    bench.notice('Pre-existing credentials are valid. No need to generate new ones.')
    return True


async def _find_token(bench: Workbench, wanted: Wanted) -> tuple[str, str]:
    """A web identity's token, and what to call it; '' where keys are to be used."""
    if not wanted.role or wanted.keys is not None or wanted.chained:
        return '', 'user credentials'
    if wanted.token_file:
        path = bench.workspace / wanted.token_file
        try:
            with bench.open(path) as file:
                return file.read().decode().strip(), 'web identity token file'
        except FileNotFoundError:
            raise StepFailed(f'Web identity token file does not exist: {path}') from None
        except (OSError, UnicodeDecodeError) as error:
            raise StepFailed(f'Web identity token file could not be read: {error}') from None
    token = ''
    if not is_true(bench, 'force-skip-oidc'):
        token = await id_tokens.fetch(bench, read_text(bench, 'audience'))
    if not token:
        bench.log(_WITHOUT)
    return token, 'OIDC' if token else 'user credentials'


async def _identify(bench: Workbench, aws: Aws, wanted: Wanted, *, last: bool) -> str:
    """The account. Outputs are of those credentials that come `last`."""
    identity = await sts.identify(aws)
    if last and wanted.accounts and identity.account not in wanted.accounts:
        raise StepFailed(
            f'The account ID of the provided credentials ({identity.account}) does not match any '
            f'of the expected account IDs: {", ".join(wanted.accounts)}'
        )
    if wanted.masks:
        bench.mask(identity.account)
        bench.mask(identity.arn)
    if wanted.exports:
        bench.set_output('aws-account-id', identity.account)
        if major(bench.ref) >= 4:
            bench.set_output('authenticated-arn', identity.arn)
    return identity.account


async def _become(
    bench: Workbench, aws: Aws, wanted: Wanted, account: str, token: str, how: str
) -> None:
    role = aws_inputs.role(bench, wanted, token)
    bench.log(f'Assuming role with {how}')
    for _ in range(_MOST_TRIES):
        assumed = await sts.assume(aws, role, account, token, how)
        keys = assumed.credentials
        if not is_true(bench, 'special-characters-workaround') or not _is_special(keys):
            break
    bench.log(f'Authenticated as assumedRoleId {assumed.id}')
    await _take(bench, wanted, keys, assumed.expiration)
    own = aws._replace(variables={**aws.variables, **keys.variables})
    await _identify(bench, own, wanted, last=True)


def _is_special(keys: Credentials) -> bool:
    return _SPECIAL.search(f'{keys.key}{keys.secret}') is not None


async def _take(bench: Workbench, wanted: Wanted, keys: Credentials, expiration: str = '') -> None:
    """Mask, export and keep them; also those by which a role will be assumed, for errors name
    them."""
    for secret in keys:
        bench.mask(secret)
    if wanted.exports:
        if not keys.token and not bench.env.get('AWS_SESSION_TOKEN'):
            _export(bench, {_KEYS[0]: keys.key, _KEYS[1]: keys.secret})
        else:
            _export(bench, keys.variables)
    if wanted.outputs:
        for name, text in (
            ('aws-access-key-id', keys.key),
            ('aws-secret-access-key', keys.secret),
            ('aws-session-token', keys.token),
            ('aws-expiration', expiration),
        ):
            if text:
                bench.set_output(name, text)
    if wanted.profile:
        overwrite = is_true(bench, 'overwrite-aws-profile') or (
            wanted.keys is not None and keys != wanted.keys
        )
        await aws_profiles.write(bench, wanted.profile, keys, wanted.region, overwrite=overwrite)


def _export(bench: Workbench, variables: Mapping[str, str]) -> None:
    for name, text in variables.items():
        bench.export(name, text)
