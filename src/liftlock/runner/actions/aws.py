"""One call of an AWS service: by boto3 where Liftlock has it, else by the `aws` program.

Either runs as a process of the step: in its environment (credentials, profiles, AWS_ENDPOINT_URL,
proxies), in the job's HOME and where the job runs. So the user's own credentials stay out of it,
and a job that reaches no network does not reach AWS through us.
"""

import json
import re
import sys
from collections.abc import Mapping
from typing import Any, Final

from liftlock.language.records import NamedTuple
from liftlock.runner.actions.answers import ask
from liftlock.runner.workbench import StepFailed, Workbench

# Standard output is the answer as the aws program prints it, standard error what it would say.
_SCRIPT: Final = """
import json, sys
from botocore import exceptions as botocore, session, xform_name
service, operation, region, endpoint = sys.argv[1:]
place = {'region_name': region or None, 'endpoint_url': endpoint or None}
try:
    client = session.get_session().create_client(service, **place)
    answer = getattr(client, xform_name(operation))(**json.load(sys.stdin))
except (botocore.BotoCoreError, botocore.ClientError) as error:
    sys.exit(str(error))
answer.pop('ResponseMetadata', None)
print(json.dumps(answer, default=lambda value: value.isoformat()))
"""
_LOOK: Final = (
    'import sys; from importlib.util import find_spec; sys.exit(not find_spec("botocore"))'
)
# It reads its input twice, so a pipe is not enough.
_PROGRAM: Final = (
    'file=$(mktemp) && trap "rm -f $file" EXIT && cat >"$file" && '
    'aws "$@" --cli-input-json "file://$file"'
)
_REMEDY: Final = 'Install the AWS CLI, or boto3 where Liftlock is installed (pip install boto3)'
_IN_CONTAINER: Final = (
    "Take an image with the AWS CLI for the job's container, or let the job run without "
    '`container:`'
)
_BARE: Final = {'LD_LIBRARY_PATH': ''}  # setup-python's would give our Python another's library
_REFUSED: Final = re.compile(r'An error occurred \((\w+)\) when calling the \w+ operation: (.*)')


class Refused(Exception):
    """AWS or its client said no. `code` is AWS's name for it, '' if it was never asked."""

    def __init__(self, message: str, code: str = '') -> None:
        super().__init__(message)
        self.code = code


class Credentials(NamedTuple):
    key: str
    secret: str
    token: str = ''

    @property
    def variables(self) -> dict[str, str]:
        return {
            'AWS_ACCESS_KEY_ID': self.key,
            'AWS_SECRET_ACCESS_KEY': self.secret,
            'AWS_SESSION_TOKEN': self.token,
        }


class Aws(NamedTuple):
    """How calls are made in this step: `program` is the words before those of a call."""

    bench: Workbench
    region: str
    boto: bool
    variables: Mapping[str, str] = {}
    endpoint: str = ''

    async def call(self, service: str, operation: str, /, **parameters: Any) -> dict[str, Any]:
        """The answer; times are texts. `operation` is AWS's name of it. Raises Refused."""
        given = {name: value for name, value in parameters.items() if value is not None}
        words = (self._by_boto if self.boto else self._by_program)(service, operation)
        env = {**self.variables, **(_BARE if self.boto else {'AWS_PAGER': ''})}
        answer = await ask(self.bench, *words, given=json.dumps(given), env=env)
        if answer.code:
            found = _REFUSED.search(answer.reason)
            raise Refused(found[2] if found else answer.reason, found[1] if found else '')
        said: dict[str, Any] = json.loads(answer.text) if answer.text.strip() else {}
        return said

    def _endpoint(self, service: str) -> str:
        """The variables are told to both: older ones of them don't look."""
        env = self.bench.env
        own = env.get(f'AWS_ENDPOINT_URL_{service.upper().replace("-", "_")}')
        return self.endpoint or own or env.get('AWS_ENDPOINT_URL') or ''

    def _by_boto(self, service: str, operation: str) -> tuple[str, ...]:
        place = (service, operation, self.region, self._endpoint(service))
        return (sys.executable, '-I', '-c', _SCRIPT, *place)

    def _by_program(self, service: str, operation: str) -> tuple[str, ...]:
        name = re.sub(r'(?<=[a-z0-9])(?=[A-Z])', '-', operation).lower()
        region = ('--region', self.region) if self.region else ()
        url = self._endpoint(service)
        endpoint = ('--endpoint-url', url) if url else ()
        words = (service, name, '--output', 'json', *region, *endpoint)
        return ('sh', '-c', _PROGRAM, 'sh', *words)


async def open_aws(
    bench: Workbench,
    action: str,
    *,
    region: str = '',
    proxy: str = '',
    endpoint: str = '',
) -> Aws:
    """StepFailed if nothing here can talk to AWS; `action` is who wants it."""
    known = region or bench.env.get('AWS_REGION') or bench.env.get('AWS_DEFAULT_REGION') or ''
    variables = dict.fromkeys(('HTTP_PROXY', 'HTTPS_PROXY'), proxy) if proxy else {}
    boto = await _has_boto(bench)
    if not boto and (await ask(bench, 'aws', '--version')).code:
        remedy = _IN_CONTAINER if bench.in_container else _REMEDY
        raise StepFailed(f'{action} needs something that talks to AWS. {remedy}')
    return Aws(bench, known, boto, variables, endpoint)


async def _has_boto(bench: Workbench) -> bool:
    """Where the job runs, our own Python may not be there."""
    from importlib.util import find_spec

    if find_spec('botocore') is None:
        return False
    answer = await ask(bench, sys.executable, '-I', '-c', _LOOK, env=_BARE)
    return answer.code == 0
