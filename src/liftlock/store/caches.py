"""Caches of one repository, as one ref may see them. Satisfies the runner's `Caches`."""

from liftlock.store.database import Store


class RefCaches:
    def __init__(
        self, store: Store, repository: str, ref: str, *, base_ref: str, default_branch: str
    ) -> None:
        raise NotImplementedError
