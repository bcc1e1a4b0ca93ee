"""Amazon's container registries: their names, and getting a password for them."""

import base64
import binascii
import re
from collections.abc import Sequence
from typing import Any, Final

from liftlock.language.records import NamedTuple
from liftlock.runner.actions.aws import Aws, Refused
from liftlock.runner.workbench import StepFailed

PUBLIC: Final = 'public.ecr.aws'
PUBLIC_REGION: Final = 'us-east-1'  # the only one that gives passwords for it
_PRIVATE: Final = re.compile(
    r'(?P<account>\d{12})\.(?:dkr\.ecr|dkr-ecr)\.(?P<region>.+)'
    r'\.(?:on\.aws|amazonaws\.(?:com(?:\.cn)?|eu))(?:/[^:]+(?::.+)?)?',
    re.ASCII,
)
_OF_PUBLIC: Final = re.compile(r'public\.ecr\.aws|ecr-public\.aws\.com')


class Registry(NamedTuple):
    """One that AWS gave a password for. `endpoint` is its address, with `https://` if private."""

    endpoint: str
    username: str
    password: str

    @property
    def name(self) -> str:
        return re.sub(r'^https?://', '', self.endpoint)


def is_public(registry: str) -> bool:
    return _OF_PUBLIC.search(registry) is not None


def parse(registry: str) -> tuple[str, str] | None:
    """Account and region of a private one; None for any other."""
    found = _PRIVATE.fullmatch(registry)
    return (found['account'], found['region']) if found else None


async def get_passwords(aws: Aws, accounts: Sequence[str], *, public: bool) -> list[Registry]:
    """Passwords for the registries of these accounts, by default of one's own. StepFailed."""
    try:
        if public:
            told = await aws.call('ecr-public', 'GetAuthorizationToken')
            data = told.get('authorizationData') or {}
            given = [{**data, 'proxyEndpoint': PUBLIC}] if data else []
        else:
            told = await aws.call(
                'ecr', 'GetAuthorizationToken', registryIds=list(accounts) or None
            )
            given = told.get('authorizationData') or []
    except Refused as error:
        raise StepFailed(str(error)) from None
    if not given:
        kind = 'Amazon ECR Public' if public else 'Amazon ECR'
        raise StepFailed(f'{kind} authorization token does not contain any authorization data')
    return [_read(entry) for entry in given]


def _read(entry: dict[str, Any]) -> Registry:
    try:
        text = base64.b64decode(str(entry['authorizationToken']), validate=True).decode()
        username, _, password = text.partition(':')
        return Registry(str(entry['proxyEndpoint']), username, password)
    except (KeyError, binascii.Error, UnicodeDecodeError):
        raise StepFailed('Amazon ECR authorization token is invalid') from None
