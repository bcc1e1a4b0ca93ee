"""`python -m fakekube FILE`: serve until interrupted, with a kubeconfig in FILE."""

import sys
from pathlib import Path

from fakekube.server import running

with running() as cluster:
    print(f'export KUBECONFIG={cluster.kubeconfig(Path(sys.argv[1]))}', flush=True)
    cluster.stopped.wait()
