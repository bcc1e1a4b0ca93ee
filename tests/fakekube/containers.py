"""Pods whose containers really run: in Docker, which plays the kubelet's runtime."""

import json
import shutil
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from typing import Any, Final

from fakekube.store import Doc, Store, now

NODE: Final = 'node-1'
LABELS: Final = {'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'amd64'}


class Kubelet:
    """A node for bare pods. `full` lets no pod be created (a quota); `silent` is a node that does
    not answer any more."""

    def __init__(self, store: Store, program: str = 'docker') -> None:
        self.store = store
        self.program = program
        self.full = False
        self.silent = False
        self._root = Path(tempfile.mkdtemp(prefix='fakekube-'))
        self._started: dict[str, threading.Thread] = {}  # by uid of the pod
        self._over: dict[str, Doc] = {}  # what somebody has said of a pod: it stays
        self._stopped = threading.Event()

    # --- of the controllers

    def step(self) -> None:
        self.store.reap()
        for pod in self.store.all('Pod'):
            uid = pod['metadata']['uid']
            if uid not in self._started:
                why = self._unfit(pod)
                if why:
                    self._set(pod, 'Pending', [], _condition('PodScheduled', 'Unschedulable', why))
                    continue
                pod = self.store.put({**pod, 'spec': {**pod['spec'], 'nodeName': NODE}})
                thread = threading.Thread(target=self._live, args=(pod,), daemon=True)
                self._started[uid] = thread
                thread.start()

    def stop(self) -> None:
        self._stopped.set()
        for thread in self._started.values():
            thread.join(30)
        shutil.rmtree(self._root, ignore_errors=True)

    @staticmethod
    def _unfit(pod: Doc) -> str:
        for key, value in (pod['spec'].get('nodeSelector') or {}).items():
            if LABELS.get(key) != value:
                return "0/1 nodes are available: 1 node(s) didn't match Pod's node selector."
        return ''

    # --- what befalls pods

    def evict(self, name: str, reason: str = 'Evicted', message: str = '') -> None:
        """The node ends it, and says why."""
        pod = self.store.get('Pod', name)
        assert pod is not None
        uid = pod['metadata']['uid']
        self._over[uid] = {'phase': 'Failed', 'reason': reason, 'message': message}
        self._set(pod, 'Failed', [])
        self._remove(uid)

    def fall_silent(self, name: str) -> None:
        """The cluster does not hear from its node any more."""
        self.silent = True
        pod = self.store.get('Pod', name)
        assert pod is not None
        conditions = [{'type': 'Ready', 'status': 'False', 'reason': 'NodeNotReady'}]
        self._over[pod['metadata']['uid']] = {'phase': 'Running', 'conditions': conditions}
        self._set(pod, 'Running', [])

    # --- a pod's life

    def _live(self, pod: Doc) -> None:
        uid = pod['metadata']['uid']
        try:
            broken = self._start(pod)
            while not self._stopped.is_set():
                live = self.store.get('Pod', pod['metadata']['name'], pod['metadata']['namespace'])
                if live is None or live['metadata']['uid'] != uid:
                    break
                if uid not in self._over:
                    self._report(live, broken)
                time.sleep(0.1)
        finally:
            self._remove(uid)

    def _start(self, pod: Doc) -> dict[str, Doc]:
        """What could not be started: the state of each such container."""
        broken: dict[str, Doc] = {}
        first = ''
        for one in pod['spec']['containers']:
            if self._ask('image', 'inspect', one['image']).returncode:
                message = f'failed to pull image "{one["image"]}": not found'
                broken[one['name']] = {'waiting': {'reason': 'ErrImagePull', 'message': message}}
                continue
            made = self._ask(*self._words(pod, one, first))
            if made.returncode:
                broken[one['name']] = {
                    'waiting': {'reason': 'CreateContainerError', 'message': made.stderr[-300:]}
                }
            first = first or self.container(pod, one['name'])
        return broken

    def _words(self, pod: Doc, one: Doc, first: str) -> list[str]:
        spec = pod['spec']
        security = {**(spec.get('securityContext') or {}), **(one.get('securityContext') or {})}
        words = ['run', '--detach', '--init=false', '--name', self.container(pod, one['name'])]
        words += ['--label', f'fakekube={pod["metadata"]["uid"]}', '--network']
        if first:
            words.append(f'container:{first}')
        else:
            words += ['bridge', '--hostname', pod['metadata']['name']]
            for alias in spec.get('hostAliases') or ():
                for name in alias['hostnames']:
                    words += ['--add-host', f'{name}:{alias["ip"]}']
        for entry in one.get('env') or ():
            words += ['-e', f'{entry["name"]}={entry.get("value", "").replace("$$(", "$(")}']
        for mount in one.get('volumeMounts') or ():
            folder = self._root / pod['metadata']['uid'] / mount['name']
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o777)
            words += ['-v', f'{folder}:{mount["mountPath"]}']
        if 'runAsUser' in security:
            words += ['--user', f'{security["runAsUser"]}:{security.get("runAsGroup", 0)}']
        if security.get('allowPrivilegeEscalation') is False:
            words += ['--security-opt', 'no-new-privileges']
        for capability in (security.get('capabilities') or {}).get('drop') or ():
            words += ['--cap-drop', capability]
        limit = ((one.get('resources') or {}).get('limits') or {}).get('memory', '')
        words += ['--memory', limit.replace('i', '').lower()] if limit else []
        words += ['--workdir', one['workingDir']] if one.get('workingDir') else []
        command, args = one.get('command') or [], one.get('args') or []
        words += ['--entrypoint', command[0]] if command else []
        return [*words, one['image'], *command[1:], *args]

    def _report(self, pod: Doc, broken: dict[str, Doc]) -> None:
        statuses = [self._status(pod, one, broken) for one in pod['spec']['containers']]
        ended = [one for one in statuses if 'terminated' in one['state']]
        running = any('running' in one['state'] for one in statuses)
        phase = 'Running' if running else 'Failed' if ended else 'Pending'
        self._set(pod, phase, statuses)

    def _status(self, pod: Doc, one: Doc, broken: dict[str, Doc]) -> Doc:
        status: Doc = {'name': one['name'], 'image': one['image'], 'ready': False}
        if one['name'] in broken:
            return {**status, 'state': broken[one['name']]}
        asked = self._ask('inspect', self.container(pod, one['name']))
        if asked.returncode:
            return {**status, 'state': {'waiting': {'reason': 'ContainerCreating'}}}
        told = json.loads(asked.stdout)[0]
        if told['State']['Running']:
            probe = (one.get('readinessProbe') or {}).get('exec', {}).get('command')
            ready = probe is None or not self.run(pod, one['name'], probe).returncode
            image = f'{one["image"]}@{told["Image"]}'
            return {**status, 'ready': ready, 'state': {'running': {}}, 'imageID': image}
        if told['State']['Status'] == 'created':
            return {**status, 'state': {'waiting': {'reason': 'ContainerCreating'}}}
        reason = 'OOMKilled' if told['State']['OOMKilled'] else 'Error'
        code = told['State']['ExitCode']
        return {**status, 'state': {'terminated': {'exitCode': code, 'reason': reason}}}

    def _set(self, pod: Doc, phase: str, statuses: list[Doc], *conditions: Doc) -> None:
        ready = bool(statuses) and all(one['ready'] for one in statuses)
        status: dict[str, Any] = {
            'phase': phase,
            'startTime': (pod.get('status') or {}).get('startTime') or now(),
            'conditions': [*conditions, {'type': 'Ready', 'status': str(ready)}],
            'containerStatuses': statuses,
            **self._over.get(pod['metadata']['uid'], {}),
        }
        self.store.status(pod, status)

    def _remove(self, uid: str) -> None:
        listed = self._ask('ps', '--all', '--quiet', '--filter', f'label=fakekube={uid}')
        if names := listed.stdout.split():
            self._ask('rm', '--force', '--volumes', *names)

    # --- into its containers

    @staticmethod
    def container(pod: Doc, name: str) -> str:
        return f'fakekube_{pod["metadata"]["uid"]}_{name}'

    def run(self, pod: Doc, name: str, command: list[str]) -> 'subprocess.CompletedProcess[str]':
        return self._ask('exec', self.container(pod, name), *command)

    def logs(self, pod: Doc, name: str) -> str:
        asked = self._ask('logs', self.container(pod, name))
        return asked.stdout + asked.stderr

    def execute(
        self, pod: Doc, name: str, command: list[str], *, stdin: bool
    ) -> 'subprocess.Popen[bytes]':
        interactive = ('--interactive',) if stdin else ()
        words = (self.program, 'exec', *interactive, self.container(pod, name), *command)
        return subprocess.Popen(
            words,
            stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def _ask(self, *words: str) -> 'subprocess.CompletedProcess[str]':
        return subprocess.run((self.program, *words), capture_output=True, text=True, check=False)


def _condition(type: str, reason: str, message: str) -> Doc:
    return {'type': type, 'status': 'False', 'reason': reason, 'message': message}
