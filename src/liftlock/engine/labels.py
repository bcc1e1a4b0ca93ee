"""Which `runs-on` this machine can serve: the labels of GitHub's Linux runners, and its own."""

import os
from collections.abc import Mapping, Sequence
from typing import Final

from liftlock.language import template
from liftlock.language.template import Literal
from liftlock.language.workflow import Job

HOST: Final = 'host'
SANDBOX: Final = 'sandbox'
DOCKER: Final = 'docker'
KUBERNETES: Final = 'kubernetes'
NETWORK: Final = 'network'  # beside `sandbox`
CONFINED: Final = 'confined'  # in the sandbox, whatever labels say

PLAIN: Final = frozenset({'self-hosted', 'linux', HOST, SANDBOX})
ARCHITECTURES: Final = {'x64': 'x86_64', 'x86_64': 'x86_64', 'arm64': 'aarch64', 'arm': 'armv7l'}
ELSEWHERE: Final = {'windows': 'Windows', 'macos': 'macOS'}


def missing(
    labels: Sequence[str], own: Mapping[str, str], machine: str = os.uname().machine
) -> str:
    """Why nobody here can run a job with these labels; '' if this machine can.

    `own` maps labels of the user's settings, in lower case, to places.
    """
    reason = lacking(labels, own, machine, 'this machine') if labels else ''
    if reason:
        return f'no runner here for `runs-on: {", ".join(labels)}`: {reason}'
    return '' if labels else 'no runner here: `runs-on` names no label'


def lacking(labels: Sequence[str], own: Mapping[str, str], machine: str, called: str) -> str:
    """What a machine, `called` so where that is told, has not of these labels; '' if it has all.

    Labels compare without regard to case. Every `ubuntu-…` is served, whatever its version, unless
    it asks for ARM.
    """
    plain = PLAIN | {NETWORK} if SANDBOX in map(str.lower, labels) else PLAIN
    for label in labels:
        reason = '' if label.lower() in plain else _lacking(label.lower(), own, machine, called)
        if reason:
            return reason
    return ''


def place(labels: Sequence[str], own: Mapping[str, str], otherwise: str = HOST) -> str:
    """Where a job with these labels runs: an executor, `docker:IMAGE`, `kubernetes:TEMPLATE` or
    `sandbox:network`.

    The first label that the user's settings name decides, `sandbox` by itself means that executor,
    with the network if `network` stands beside it. What would run on the host runs `otherwise`;
    what is CONFINED otherwise neither talks to a container engine, which is as good as the host,
    nor gives itself a network.
    """
    if otherwise == CONFINED:
        found = place(labels, own, SANDBOX)
        return found if found.startswith(KUBERNETES) else SANDBOX
    lowered = [label.lower() for label in labels]
    found = HOST
    for label in lowered:
        if label in own:
            found = own[label]
            break
        if label == SANDBOX:
            found = f'{SANDBOX}:{NETWORK}' if NETWORK in lowered else SANDBOX
            break
    return otherwise if found == HOST else found


def executor(place: str, job: Job) -> str:
    """Where the job will be, as it is told: its own container goes before the labels' place.

    A container that is computed doesn't count: the least that is certain is told.
    """
    if place.startswith(KUBERNETES):
        return place
    own = job.container
    if isinstance(own, template.Mapping):
        own = next((value for key, value in own.entries if _is_image(key)), None)
    return DOCKER if isinstance(own, Literal) and own.value else place


def _is_image(key: object) -> bool:
    return isinstance(key, Literal) and key.value == 'image'


def _lacking(label: str, own: Mapping[str, str], machine: str, called: str) -> str:
    if label in own:
        return ''
    wanted = ARCHITECTURES.get(label, '')
    if label.startswith('ubuntu-'):
        wanted = 'aarch64' if label.endswith('-arm') else machine
    if wanted:
        return '' if machine == wanted else f'"{label}" needs {wanted}, {called} is {machine}'
    for family, name in ELSEWHERE.items():
        if label.startswith(family):
            return f'it means a machine with {name}, and {called} has Linux'
    return f'{called} has no label "{label}"; its settings may map it to a place'
