"""By which address pods reach this machine."""

import functools
import json
import os
import socket
from urllib.parse import urlsplit

from liftlock.runner.kubernetes.kubectl import Kubectl
from liftlock.runner.kubernetes.settings import Pods


def address(pods: Pods, client: Kubectl) -> str:
    """What the settings say; else the address from which this machine speaks to the cluster, unless
    the cluster is on this machine, and its pods know it by another one. '' if there is none."""
    return pods.address or _speaking_to(_server(client))


def _server(client: Kubectl) -> str:
    inside = os.environ.get('KUBERNETES_SERVICE_HOST', '')
    answer = client.ask_now('config', 'view', '--minify', '--output=json')
    try:
        clusters = json.loads(answer.out)['clusters'] or [{}]
        return urlsplit(clusters[0]['cluster']['server']).hostname or inside
    except (ValueError, LookupError, TypeError):
        return inside


@functools.cache
def _speaking_to(server: str) -> str:
    """A datagram socket that is connected sends nothing, but knows its own address."""
    try:
        family, kind, _, _, place = socket.getaddrinfo(server, 443, type=socket.SOCK_DGRAM)[0]
        with socket.socket(family, kind) as asked:
            asked.connect(place)
            own: str = asked.getsockname()[0]
    except (OSError, IndexError):
        return ''
    return '' if own.startswith('127.') or own == '::1' else own
