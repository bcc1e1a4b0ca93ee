"""What of this machine's environment a container gets: how to reach the network, nothing else."""

import re
from collections.abc import Mapping
from typing import Final

_KEPT: Final = ('RUNNER_TRACKING_ID',)
_PROXY: Final = re.compile(r'(?:http|https|all)_proxy', re.IGNORECASE)
_NO_PROXY: Final = ('NO_PROXY', 'no_proxy')
_INDEXES: Final = (
    'PIP_INDEX_URL', 'PIP_EXTRA_INDEX_URL', 'UV_DEFAULT_INDEX', 'UV_INDEX_URL',
    'NPM_CONFIG_REGISTRY', 'npm_config_registry',
)  # fmt: skip
_OURSELVES: Final = re.compile(r'://(?:[^/@]*@)?(?:localhost|127\.|\[::1\])', re.IGNORECASE)


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
    made = {name: value for name, value in made.items() if name not in container}
    return {**made, 'PATH': container.get('PATH', _USUAL_PATH), 'HOME': home}


_USUAL_PATH: Final = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
