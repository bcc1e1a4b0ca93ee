"""OIDC tokens of a job, by which it proves to others who it is."""

import json
from urllib.parse import quote

from liftlock.runner.actions import http
from liftlock.runner.workbench import StepFailed, Workbench


async def fetch(bench: Workbench, audience: str) -> str:
    """A token for that audience, masked; '' where the job may have none (`id-token: write` is
    missing). StepFailed if it is refused."""
    identity = await bench.identity()
    url = identity.get('ACTIONS_ID_TOKEN_REQUEST_URL', '')
    secret = identity.get('ACTIONS_ID_TOKEN_REQUEST_TOKEN', '')
    if not url or not secret:
        return ''
    asked = f'{url}&audience={quote(audience, safe="")}' if audience else url
    headers = {'Authorization': f'Bearer {secret}', 'Accept': 'application/json'}
    try:
        answer = await http.send('GET', asked, {}, headers=headers)
        token = json.loads(answer.text)['value'] if answer.good else ''
    except http.Unreachable as error:
        raise StepFailed(f'getIDToken call failed: {error}') from None
    except (ValueError, KeyError, TypeError):
        raise StepFailed('getIDToken call failed: the answer holds no token') from None
    if not token:
        raise StepFailed(f'getIDToken call failed: HTTP {answer.status}')
    bench.mask(str(token))
    return str(token)
