"""AWS on a port of this machine: moto's server, with everything that it keeps reset."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from e2e.actions.bench import Bench
from liftlock.runner.ports import World

REGION = 'eu-central-1'
ACCOUNT = '123456789012'
KEYS = {'AWS_ACCESS_KEY_ID': 'AKIAEXAMPLE', 'AWS_SECRET_ACCESS_KEY': 'wonder/land'}


class Cloud:
    def __init__(self, url: str) -> None:
        self.url = url

    def client(self, service: str) -> Any:
        import boto3

        return boto3.client(
            service,
            region_name=REGION,
            endpoint_url=self.url,
            aws_access_key_id='x',
            aws_secret_access_key='y',
        )

    def step(
        self,
        root: Path,
        uses: str,
        inputs: Mapping[str, str],
        *,
        logged_in: bool = True,
        **env: str,
    ) -> Bench:
        """`logged_in`: an earlier step has exported keys and region."""
        world = World(None, None, None, None, root / 'tools', root / 'packages')  # type: ignore[arg-type]
        known = {**KEYS, 'AWS_REGION': REGION} if logged_in else {}
        variables = {'AWS_ENDPOINT_URL': self.url, 'AWS_EC2_METADATA_DISABLED': 'true'}
        return Bench(uses, root / 'job', world, inputs, env={**variables, **known, **env})


@contextmanager
def open_cloud() -> Iterator[Cloud]:
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address='127.0.0.1', port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield Cloud(f'http://{host}:{port}')
    finally:
        server.stop()
