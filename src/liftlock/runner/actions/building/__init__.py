"""How an image is built by each of the builders: command lines, from inputs. All of it is pure.

buildx     the original's own arguments; with the engine's builder some things fall away
buildkit   what the command line of Docker up to 22 has in it
classic    the old builder: no secrets, no files as output
podman     buildah's builder

What does not change the image is left out and said so (caches, attestations); what would change it
fails.
"""

from collections.abc import Callable, Mapping
from typing import Final

from liftlock.runner.actions import engines, platforms
from liftlock.runner.actions.building import buildx, plain
from liftlock.runner.actions.building.records import Builder as Builder
from liftlock.runner.actions.building.records import Files as Files
from liftlock.runner.actions.building.records import Plan as Plan
from liftlock.runner.actions.building.records import Secret as Secret
from liftlock.runner.actions.building.records import Wanted as Wanted
from liftlock.runner.workbench import StepFailed

_PLANS: Final[Mapping[str, Callable[[Builder, Wanted, Files], Plan]]] = {
    engines.BUILDX: buildx.plan,
    engines.BUILDKIT: plain.plan_buildkit,
    engines.CLASSIC: plain.plan_classic,
    engines.PODMAN: plain.plan_podman,
}


def plan(builder: Builder, wanted: Wanted, files: Files) -> Plan:
    """Raises StepFailed for what that builder cannot do."""
    if not builder.capable:
        _check_platforms(builder, wanted)
    if wanted.push and not wanted.tags:
        raise StepFailed('tag is needed when pushing to registry')
    made = _PLANS[builder.kind](builder, wanted, files)
    return made._replace(notes=tuple(dict.fromkeys(made.notes)))


def _check_platforms(builder: Builder, wanted: Wanted) -> None:
    names = list(dict.fromkeys(map(platforms.normalise, wanted.platforms)))
    missing = platforms.missing(names, builder.platform)
    if missing:
        raise StepFailed(
            f'This machine cannot build for {", ".join(missing)}: it runs {builder.platform} and '
            'has no emulator for another platform that is asked for. Leave `platforms` out, or '
            'register emulators (Debian and Ubuntu: apt install qemu-user-static binfmt-support)'
        )
    if len(names) > 1:
        raise StepFailed(
            f"The engine's own builder builds for one platform at a time, not for "
            f'{" and ".join(names)}. Name one, or have docker/setup-buildx-action make a builder '
            'that can do more: `driver: docker-container` (it needs buildx, and the image '
            'moby/buildkit)'
        )
