"""What of this machine's environment a container gets: how to reach the network, and whom to
trust there; nothing else."""

import os
import re
from collections.abc import Mapping
from typing import Final

from liftlock.runner.docker.create import Mount

_KEPT: Final = ('RUNNER_TRACKING_ID',)
_PROXY: Final = re.compile(r'(?:http|https|all)_proxy', re.IGNORECASE)
_NO_PROXY: Final = ('NO_PROXY', 'no_proxy')
_INDEXES: Final = (
    'PIP_INDEX_URL', 'PIP_EXTRA_INDEX_URL', 'UV_DEFAULT_INDEX', 'UV_INDEX_URL',
    'NPM_CONFIG_REGISTRY', 'npm_config_registry',
)  # fmt: skip
# Who says whom to trust on this machine, as behind a company's proxy, means the containers too.
_TRUSTED: Final = (
    'SSL_CERT_FILE', 'REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE', 'NODE_EXTRA_CA_CERTS',
    'GIT_SSL_CAINFO', 'PIP_CERT',
)  # fmt: skip
_CERTIFICATES: Final = '/github/certificates'
_OURSELVES: Final = re.compile(r'://(?:[^/@]*@)?(?:localhost|127\.|\[::1\])', re.IGNORECASE)


def trusted(base: Mapping[str, str]) -> dict[str, Mount]:
    """Files with certificates, by the variables that name them."""
    files = {name: base[name] for name in _TRUSTED if os.path.isfile(base.get(name, ''))}  # noqa: PTH113
    numbers = {file: number for number, file in enumerate(dict.fromkeys(files.values()))}
    return {
        name: Mount(file, f'{_CERTIFICATES}/{numbers[file]}.crt', read_only=True)
        for name, file in files.items()
    }


def mounts(base: Mapping[str, str]) -> list[Mount]:
    return list(dict.fromkeys(trusted(base).values()))


def lay(base: Mapping[str, str], container: Mapping[str, str], home: str) -> dict[str, str]:
    """The ground for steps in a container; `container` is its own environment.

    A proxy on our loopback is not reachable from there, so it is left out.
    """
    made = {name: base[name] for name in _KEPT if name in base}
    for name, value in base.items():
        leads_somewhere = _PROXY.fullmatch(name) or name in _INDEXES
        if leads_somewhere and not _OURSELVES.search(value):
            made[name] = value
    if any(map(_PROXY.fullmatch, made)):
        made |= {name: base[name] for name in _NO_PROXY if name in base}
    made |= {name: mount.target for name, mount in trusted(base).items()}
    made = {name: value for name, value in made.items() if name not in container}
    return {**made, 'PATH': container.get('PATH', _USUAL_PATH), 'HOME': home}


_USUAL_PATH: Final = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
