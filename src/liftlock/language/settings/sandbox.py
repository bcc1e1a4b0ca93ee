"""`sandbox:` of `liftlock.yml`. Apart from the rest, because every job knows it."""

from collections.abc import Mapping

from liftlock.language.records import NamedTuple


class Sandbox(NamedTuple):
    """What a job in the sandbox may have of this machine. None is what nothing was said about.

    Paths are absolute or begin with `~/`. `memory` and `disk` are bytes.
    """

    network: bool | None = None
    read: tuple[str, ...] | None = None
    write: tuple[str, ...] | None = None
    env: tuple[str, ...] | None = None
    caches: str | None = None  # private or shared
    memory: int | None = None
    processes: int | None = None
    disk: int | None = None
    jobs: Mapping[str, 'Sandbox'] = {}

    def of(self, job: str) -> 'Sandbox':
        """For the job of this id: what is said of it goes before what is said of all."""
        own = self.jobs.get(job)
        if own is None:
            return self._replace(jobs={})
        said = {name: value for name, value in own._asdict().items() if value is not None}
        return self._replace(**{**said, 'jobs': {}})
