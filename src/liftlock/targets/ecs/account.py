"""Calls of AWS: boto3 in threads, and what it says told so that a person can act on it."""

import asyncio
import threading
from collections.abc import Mapping
from typing import Any, Final

from liftlock.language.records import NamedTuple
from liftlock.rollout.trouble import Trouble

_MISSING: Final = "Install it where Liftlock is installed: pip install 'liftlock[aws]'"
_BUSY: Final = frozenset(
    {
        'InternalFailure',
        'InternalServerError',
        'LimitExceededException',
        'RequestLimitExceeded',
        'ServerException',
        'ServiceUnavailable',
        'Throttling',
        'ThrottlingException',
        'TooManyRequestsException',
    }
)
_HINTS: Final = {
    'AccessDeniedException': 'docs/targets.md has the permissions that are needed',
    'ClusterNotFoundException': '`cluster:` and `region:` of the target say where it is looked for',
    'ExpiredTokenException': 'Log in anew: the session has expired',
    'InvalidSignatureException': 'The secret key, or the clock of this machine, is wrong',
    'ServiceNotActiveException': 'It is being deleted; the target needs one that is there to stay',
    'ServiceNotFoundException': '`service:` and `cluster:` of the target say which is meant',
    'UnrecognizedClientException': 'The access key is unknown to AWS',
}
_LOGIN: Final = (
    'Give the environment the secrets AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or this machine '
    'a profile or role'
)
_PLACELESS: Final = 'Say `region:` under the target, or AWS_REGION in the environment'


class Access(NamedTuple):
    """Who asks, and where. Empty: as boto3 finds it out by itself (profile, role …)."""

    region: str = ''
    key: str = ''
    secret: str = ''
    token: str = ''
    endpoint: str = ''


def find_access(region: str, env: Mapping[str, str]) -> Access:
    """`env` are the environment's variables and secrets. Keys count as a pair."""
    place = region or env.get('AWS_REGION', '') or env.get('AWS_DEFAULT_REGION', '')
    endpoint = env.get('AWS_ENDPOINT_URL', '')
    key, secret = env.get('AWS_ACCESS_KEY_ID', ''), env.get('AWS_SECRET_ACCESS_KEY', '')
    if not (key and secret):
        return Access(place, endpoint=endpoint)
    return Access(place, key, secret, env.get('AWS_SESSION_TOKEN', ''), endpoint)


class Account:
    """Clients are made once, at their first call."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._clients: dict[tuple[str, str], Any] = {}
        self._lock = threading.Lock()

    async def call(
        self, service: str, operation: str, /, *, place: str = '', **parameters: Any
    ) -> dict[str, Any]:
        """`operation` is boto3's name of it; `place` another region than the target's. Raises
        Trouble."""
        return await asyncio.to_thread(self._call, service, operation, place, parameters)

    def _call(
        self, service: str, operation: str, place: str, parameters: Mapping[str, Any]
    ) -> dict[str, Any]:
        from importlib.util import find_spec

        if find_spec('boto3') is None:
            raise Trouble('ECS needs boto3, which is not installed', _MISSING)
        from botocore.exceptions import BotoCoreError, ClientError  # type: ignore[import-untyped]

        try:
            answer: dict[str, Any] = getattr(self._client(service, place), operation)(**parameters)
        except ClientError as error:
            told = error.response.get('Error', {})
            raise refusal(operation, told.get('Code', ''), told.get('Message', '')) from None
        except BotoCoreError as error:
            raise misfortune(operation, type(error).__name__, str(error)) from None
        return answer

    def _client(self, service: str, place: str) -> Any:
        import boto3  # type: ignore[import-untyped]
        from botocore.config import Config  # type: ignore[import-untyped]

        with self._lock:
            if (service, place) not in self._clients:
                access = self._access
                session = boto3.session.Session(
                    aws_access_key_id=access.key or None,
                    aws_secret_access_key=access.secret or None,
                    aws_session_token=access.token or None,
                    region_name=place or access.region or None,
                )
                retries = {'mode': 'standard', 'total_max_attempts': 4}
                self._clients[service, place] = session.client(
                    service,
                    endpoint_url=access.endpoint or None,
                    config=Config(connect_timeout=10, read_timeout=30, retries=retries),
                )
            return self._clients[service, place]

    def close(self) -> None:
        with self._lock:
            for client in self._clients.values():
                client.close()
            self._clients.clear()


def refusal(operation: str, code: str, message: str) -> Trouble:
    """AWS has answered, and said no."""
    told = f'{code}: {message}' if message else code
    return Trouble(f'AWS refuses {operation}: {told}', _HINTS.get(code, ''), again=code in _BUSY)


def misfortune(operation: str, kind: str, message: str) -> Trouble:
    """AWS has not answered, or could not be asked."""
    hint, again = {
        'NoCredentialsError': (_LOGIN, False),
        'PartialCredentialsError': (_LOGIN, False),
        'ProfileNotFound': (_LOGIN, False),
        'NoRegionError': (_PLACELESS, False),
        'ParamValidationError': ('', False),
    }.get(kind, ('', True))
    return Trouble(f'AWS cannot be asked for {operation}: {message}', hint, again=again)
