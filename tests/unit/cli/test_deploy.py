"""What lies under `deploy/` speaks to the command line as it is."""

import re
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from liftlock.cli import config
from liftlock.cli.serve import command as serve
from liftlock.cli.worker import command as worker

DEPLOY = Path(__file__).parents[3] / 'deploy'
CHART = DEPLOY / 'helm/liftlock'


def known(command: click.Command) -> set[str]:
    return {name for one in command.params for name in (*one.opts, *one.secondary_opts)}


def asked(text: str) -> set[str]:
    return set(re.findall(r'(?<![\w-])--[a-z][a-z-]+', text))


def services() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((DEPLOY / 'compose.yaml').read_text())['services']
    return found


def starts(unit: str) -> str:
    text = (DEPLOY / 'systemd' / unit).read_text()
    return '\n'.join(line for line in text.splitlines() if line.startswith('ExecStart='))


SERVING = {
    'compose': lambda: ' '.join(services()['server']['command']),
    'systemd': lambda: starts('liftlock.service'),
    'environment': lambda: (DEPLOY / 'systemd/environment').read_text(),
    'helm': lambda: (CHART / 'templates/server.yaml').read_text(),
    'image': lambda: (DEPLOY / 'image/Dockerfile').read_text().partition('ENTRYPOINT')[2],
    'nginx': lambda: (DEPLOY / 'proxy/nginx.conf').read_text(),
    'caddy': lambda: (DEPLOY / 'proxy/Caddyfile').read_text(),
}
WORKING = {
    'compose': lambda: ' '.join(services()['worker-1']['command']),
    'systemd': lambda: starts('liftlock-worker.service'),
    'helm': lambda: (CHART / 'templates/workers.yaml').read_text(),
}


@pytest.mark.parametrize('where', SERVING)
def test_every_option_of_the_server_is_one(where: str) -> None:
    found = asked(SERVING[where]())
    assert found
    assert found <= known(serve)


@pytest.mark.parametrize('where', WORKING)
def test_every_option_of_a_worker_is_one(where: str) -> None:
    found = asked(WORKING[where]())
    assert found
    assert found <= known(worker)


def test_a_server_and_two_workers_share_what_they_must() -> None:
    found = services()
    assert set(found) == {'server', 'worker-1', 'worker-2', 'postgres'}
    for name in ('server', 'worker-1', 'worker-2'):
        assert found[name]['read_only'] is True
        assert found[name]['cap_drop'] == ['ALL']
        assert 'state:/var/lib/liftlock' in found[name]['volumes']
        assert found[name]['secrets'] == ['database']


def test_what_the_chart_configures_can_be_read() -> None:
    values = yaml.safe_load((CHART / 'values.yaml').read_text())
    text = yaml.safe_dump(values['config'])
    assert config.parse(text, 'config.yml').labels['ubuntu-latest'] == 'kubernetes'
    templates = ' '.join(map(Path.read_text, CHART.glob('templates/*')))
    for path in re.findall(r'\.Values\.([\w.]+)', templates):
        found: Any = values
        for part in path.split('.'):
            assert part in found, path
            found = found[part]
