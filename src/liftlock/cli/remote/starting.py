"""Runs that are started on a server: by a dispatch, or once more."""

import json as jsons
from typing import Any

from liftlock.cli.remote import watching
from liftlock.cli.remote.client import Client, of
from liftlock.cli.remote.runs import Told
from liftlock.errors import FAILED, UserError
from liftlock.language.records import NamedTuple


class Ways(NamedTuple):
    """How to go on."""

    no_follow: bool = False
    json: bool = False
    verbose: bool = False


def dispatch(server: str, repository: str, body: dict[str, Any], ways: Ways) -> int:
    client = Client(server)
    told = client.post(f'{of(repository)}/dispatch', body)
    if told['status'] == 'failed' or not told['runs']:
        reasons = [one['reason'] for one in told['decisions'] if one['reason']]
        raise UserError('nothing was started', told['said'] or '; '.join(reasons))
    past = Told(client)
    worst = 0
    for run in told['runs']:
        row = past.find(str(run))
        word = f'Run {run}: {row.name} on {row.ref} of {repository}.'
        if ways.no_follow:
            print(jsons.dumps({'run': run}) if ways.json else word)
            continue
        worst = max(worst, watching.watch(past, run, 0, word, json=ways.json, verbose=ways.verbose))
    return FAILED if worst else 0


def rerun(server: str, run: str, body: dict[str, Any], ways: Ways) -> int:
    past = Told(Client(server))
    found = past.find(run)
    before = past.facts(found.id)[-1].seq
    told = past.client.post(f'/runs/{found.id}/rerun', body)
    word = f'Run {found.id}: {found.name}, attempt {told["attempt"]}.'
    return watching.watch(past, found.id, before, word, json=ways.json, verbose=ways.verbose)
