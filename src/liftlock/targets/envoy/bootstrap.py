"""What Envoy is started with: where its administration listens, and which files say the rest.

All paths are relative: Envoy runs in the router's directory. A Unix socket's path may have 107
characters only, and its mode keeps other people of the machine out, which a port would not.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

FILE: Final = 'bootstrap.json'
ADMIN: Final = 'admin.sock'
CLUSTERS: Final = 'clusters.json'
LISTENERS: Final = 'listeners.json'
LOG: Final = 'envoy.log'
RECORD: Final = 'process.json'
ZONE: Final = 'router'  # Envoy counts by zone only where it has one itself

# Bounds of latencies, in milliseconds. `99 % within X` is exact where X is one of them.
BUCKETS: Final = (
    *(0.5, 1, 2, 3, 5, 7.5, 10, 15, 20, 25, 30, 40, 50, 75, 100, 125, 150, 200, 250, 300, 400),
    *(500, 600, 750, 800, 1000, 1500, 2000, 2500, 3000, 5000, 7500, 10000, 15000, 30000, 60000),
    86_400_000,  # stands for all that there are: Envoy does not count those above its last bound
)


def document() -> dict[str, Any]:
    return {
        'node': {'id': 'liftlock', 'cluster': 'liftlock', 'locality': {'zone': ZONE}},
        'admin': {'address': {'pipe': {'path': ADMIN, 'mode': 0o600}}},
        'dynamic_resources': {'cds_config': source(CLUSTERS), 'lds_config': source(LISTENERS)},
        'layered_runtime': {'layers': [{'name': 'static', 'static_layer': {}}]},
        'stats_flush_interval': '1s',  # histograms are merged no sooner
        'stats_config': {
            'histogram_bucket_settings': [
                {'match': {'suffix': 'upstream_rq_time'}, 'buckets': list(BUCKETS)}
            ]
        },
    }


def source(path: str) -> dict[str, Any]:
    """A file that Envoy reads, and reads again whenever another takes its place."""
    return {'resource_api_version': 'V3', 'path_config_source': {'path': f'./{path}'}}


# The process writes down itself who it is before it becomes Envoy: whoever started it may be killed
# at any instant, and nothing else would know of it. It is nobody's child, so that it outlives us.
_RECORD: Final = (
    'record=$1 log=$2; shift 2; umask 077; '
    'ulimit -n "$(ulimit -H -n)" 2>/dev/null; '  # each connection needs two
    'printf \'{"pid": %s, "start": %s, "boot": "%s"}\' "$$" "$(cut -d" " -f22 /proc/$$/stat)" '
    '"$(cat /proc/sys/kernel/random/boot_id)" >"$record.new" && mv "$record.new" "$record" && '
    'exec "$@" >>"$log" 2>&1'
)


def command(envoy: Path, threads: int) -> Sequence[str]:
    """Starts Envoy in the background; the command itself ends at once."""
    return (
        *('sh', '-c', '"$0" "$@" &', 'sh', '-c', _RECORD, 'sh', RECORD, LOG),
        *(str(envoy), '--config-path', FILE, '--concurrency', str(threads)),
        *('--disable-hot-restart', '--log-level', 'warning'),
        *('--drain-time-s', '30', '--drain-strategy', 'immediate'),
        *('--file-flush-interval-msec', '1000'),
    )
