"""Where the directories of a job are in its pod. Nothing of our machine is there but copies."""

from typing import Final

from liftlock.runner.docker import paths

WORK: Final = paths.WORK
OWN: Final = '/__l'  # orders for the pod, and what processes print

# The name of the volume, and where it is. Each pod has them new, and they go with it.
VOLUMES: Final = {
    'work': WORK,
    'github': '/github',
    'tools': paths.TOOLS,
    'externals': paths.EXTERNALS,
    'actions': '/__a',
    'liftlock': OWN,
}
ACTIONS: Final = '/__a'
