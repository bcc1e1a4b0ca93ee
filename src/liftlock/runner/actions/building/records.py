"""What is to be built, by what, and how that is done."""

from collections.abc import Mapping, Sequence

from liftlock.language.records import NamedTuple


class Builder(NamedTuple):
    """`kind` is one of engines. `capable`: it is more than the engine's own builder, or the engine
    keeps images in containerd: it builds for several platforms, attests, and exports caches."""

    kind: str
    platform: str
    capable: bool = False


class Secret(NamedTuple):
    """`source` is src=FILE or env=NAME."""

    id: str
    source: str


class Wanted(NamedTuple):
    """Inputs of docker/build-push-action; lists are split, secrets lie in files."""

    context: str
    file: str = ''
    target: str = ''
    tags: Sequence[str] = ()
    labels: Sequence[str] = ()
    annotations: Sequence[str] = ()
    build_args: Sequence[str] = ()
    build_contexts: Sequence[str] = ()
    secrets: Sequence[Secret] = ()
    ssh: Sequence[str] = ()
    platforms: Sequence[str] = ()
    outputs: Sequence[str] = ()
    push: bool = False
    load: bool = False
    pull: bool = False
    no_cache: bool = False
    no_cache_filters: Sequence[str] = ()
    cache_from: Sequence[str] = ()
    cache_to: Sequence[str] = ()
    network: str = ''
    add_hosts: Sequence[str] = ()
    allow: Sequence[str] = ()
    attests: Sequence[str] = ()
    provenance: str = ''
    sbom: str = ''
    call: str = ''
    cgroup_parent: str = ''
    shm_size: str = ''
    ulimit: Sequence[str] = ()
    builder: str = ''


class Files(NamedTuple):
    """Where the builder writes what it made."""

    image_id: str
    metadata: str


class Plan(NamedTuple):
    """`words` follow the program's name. `pushes` are tags to push once it is built."""

    words: Sequence[str]
    env: Mapping[str, str] = {}
    pushes: Sequence[str] = ()
    notes: Sequence[str] = ()
