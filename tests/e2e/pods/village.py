"""A repository whose jobs run in pods: an API server of ours, the real kubectl, and Docker."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

import containers
from e2e.delivery.clusters import kubectl
from fakekube.server import Cluster

SRC = Path(__file__).parents[3] / 'src'
PATIENCE = 60.0


class Village:
    """A cluster, and a user's machine beside it."""

    def __init__(self, root: Path, cluster: Cluster) -> None:
        self.root = root
        self.cluster = cluster
        self.repository = root / 'repository'
        self._started: list[subprocess.Popen[str]] = []
        tools = root / 'tools'
        tools.mkdir()
        (tools / 'kubectl').symlink_to(kubectl())
        self.env = {
            'PATH': f'{tools}:{os.environ["PATH"]}',
            'HOME': str(root),
            'PYTHONPATH': str(SRC),
            'GIT_CONFIG_GLOBAL': '/dev/null',
            'GIT_AUTHOR_NAME': 'A',
            'GIT_AUTHOR_EMAIL': 'a@example.org',
            'GIT_COMMITTER_NAME': 'A',
            'GIT_COMMITTER_EMAIL': 'a@example.org',
        }
        self.configure()

    def configure(self, template: dict[str, Any] | None = None, **more: Any) -> None:
        settings = {
            'labels': {'pod': 'kubernetes'},
            'kubernetes': {
                'kubeconfig': str(self.cluster.kubeconfig(self.root / 'kubeconfig')),
                'pods': {'default': {'image': containers.IMAGE, **(template or {})}},
                **more,
            },
        }
        file = self.root / '.config/liftlock/config.yml'
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(yaml.safe_dump(settings))

    def write(self, workflow: str, **files: str) -> None:
        for name, text in {'.github/workflows/ci.yml': workflow, **files}.items():
            file = self.repository / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text.replace('IMAGE', containers.IMAGE))
        for words in (('init', '-q', '-b', 'main'), ('add', '.'), ('commit', '-qm', 'one')):
            subprocess.run(('git', *words), cwd=self.repository, env=self.env, check=True)

    def close(self) -> None:
        for process in self._started:
            if process.poll() is None:
                process.kill()
                process.wait()
            if process.stdout is not None:
                process.stdout.close()

    def start(self, *words: str) -> 'subprocess.Popen[str]':
        process = subprocess.Popen(
            (sys.executable, '-m', 'liftlock', *words),
            cwd=self.repository,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._started.append(process)
        return process

    def run(self, *words: str) -> tuple[int, str]:
        process = self.start(*(words or ('run',)))
        said, _ = process.communicate(timeout=120)
        return process.returncode, said

    def logs(self) -> str:
        return self.run('logs')[1]

    @property
    def pods(self) -> list[dict[str, Any]]:
        return self.cluster.store.all('Pod')

    def wait(self, true: Callable[[], Any]) -> Any:
        until = time.monotonic() + PATIENCE
        while not (found := true()):
            assert time.monotonic() < until, 'it never came to that'
            time.sleep(0.05)
        return found

    def inside(self, command: str) -> str:
        """What a shell in the job's container says."""
        kubelet = self.cluster.kubelet
        assert kubelet is not None
        if not self.pods:
            return ''
        return kubelet.run(self.pods[0], 'job', ['sh', '-c', command]).stdout
