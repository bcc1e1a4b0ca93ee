"""Removing what an engine has left in a cluster that was killed."""

import shutil
from typing import Final

from liftlock.runner.kubernetes.kubectl import Kubectl
from liftlock.runner.kubernetes.manifest import mark
from liftlock.runner.kubernetes.settings import LABEL, Pods

_PATIENCE: Final = 20.0  # seconds: a cluster that is away must not keep us from starting


def end(pods: Pods, tracking_id: str) -> None:
    """Pods and secrets that carry the job's label. Where no cluster answers, a pod ends itself when
    the time of its job is over."""
    if shutil.which(pods.program) is None:
        return
    Kubectl(pods).ask_now(
        'delete', 'pods,secrets', f'--selector={LABEL}={mark(tracking_id)}',
        '--ignore-not-found', '--wait=false', '--grace-period=1', patience=_PATIENCE,
    )  # fmt: skip
