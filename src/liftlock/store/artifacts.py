"""Artifacts of one run: zip archives, content-addressed. Satisfies the runner's `Artifacts`."""

from liftlock.store.database import Store


class RunArtifacts:
    def __init__(self, store: Store, run: int) -> None:
        raise NotImplementedError
