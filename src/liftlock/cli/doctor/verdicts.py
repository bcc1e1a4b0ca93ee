"""Whether this machine meets a need, and what to do where it does not."""

import shutil
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Final

from liftlock.cli.doctor import needs, programs
from liftlock.cli.doctor.images import Images
from liftlock.cli.doctor.machine import Machine
from liftlock.cli.doctor.needs import Known, Need
from liftlock.engine import labels
from liftlock.language.records import NamedTuple
from liftlock.runner.actions import nodes
from liftlock.runner.actions.scanning import SCANNERS
from liftlock.runner.actions.versions import Version, parse_range, satisfies
from liftlock.runner.docker.engine import Engine

MISSING: Final = 'missing'  # the job will fail by it, if it comes so far
NOTE: Final = 'note'  # it will be fetched, or another way be taken
_PULL: Final = 'have it by `{0} pull` or `{0} load`, or reach that registry'
_ANY_NODE: Final = ('latest', 'current', 'node')


class Verdict(NamedTuple):
    level: str
    problem: str
    remedy: str


class Court:
    """Judges one need after the other; `known` is what is behind each `uses:`."""

    def __init__(self, machine: Machine, known: Known) -> None:
        self.machine = machine
        self.known = known

    def judge(self, need: Need) -> Verdict | None:
        """None where all is well."""
        return _WAYS[need.kind](self, need)

    def _labels(self, need: Need) -> Verdict | None:
        own = self.machine.where.config.labels
        reason = labels.missing(need.labels, own)
        if reason:
            remedy = 'map the label in config.yml (labels:), or run with --allow-missing-runners'
            return Verdict(MISSING, reason, remedy)
        executor = labels.place(need.labels, own).partition(':')[0]
        if executor == labels.DOCKER:
            image = labels.place(need.labels, own).partition(':')[2]
            return self._image(need._replace(what=image))
        if executor == labels.KUBERNETES:
            return self._pods()
        if executor == labels.SANDBOX and self.machine.sandbox:
            return Verdict(MISSING, 'no job can be confined here', self.machine.sandbox)
        return None

    def _pods(self) -> Verdict | None:
        pods = self.machine.where.config.pods
        program = pods.program if pods else 'kubectl'
        if shutil.which(program) is not None:
            return None
        return Verdict(MISSING, 'it needs kubectl', 'install kubectl 1.20 or newer')

    def _engine(self, need: Need) -> Verdict | None:
        engine = self.machine.engine
        if isinstance(engine, Engine):
            return None
        return Verdict(MISSING, 'it needs a container engine', engine)

    def _image(self, need: Need) -> Verdict | None:
        return self._engine(need) or self._pull(need.what)

    def _pull(self, image: str) -> Verdict | None:
        """What there is to say of an image where there is an engine."""
        engine = self.machine.engine
        assert isinstance(engine, Engine)
        problem = self.images.problem(image)
        if not problem:
            return None
        return Verdict(MISSING, f'{image} is not here, and {problem}', _PULL.format(engine.name))

    @cached_property
    def images(self) -> Images:
        assert isinstance(self.machine.engine, Engine)
        return Images(self.machine.engine)

    def _service(self, need: Need) -> Verdict | None:
        """Where an engine cannot pull it, a server does as without one."""
        engine = self.machine.engine
        lacking = self._pull(need.what) if isinstance(engine, Engine) else None
        if isinstance(engine, Engine) and lacking is None:
            return None
        from liftlock.runner.containers import Container
        from liftlock.runner.services.choice import choose

        found = choose(need.why, Container(need.what))
        if lacking is not None:
            if isinstance(found, str):
                return lacking
            told = f'{lacking.problem}; {found.server.product} {found.server.version} runs instead'
            return Verdict(NOTE, told, 'if the other services of the job have a server here, too')
        if not isinstance(found, str):
            return None
        assert isinstance(engine, str)
        return Verdict(MISSING, f'{need.what} cannot be started: {found}', engine)

    def _action(self, need: Need) -> Verdict | None:
        remedy = 'reach it, or name a mirror in config.yml (actions:)'
        return Verdict(MISSING, str(self.known[need.what]), remedy)

    def _node(self, need: Need) -> Verdict | None:
        machine = self.machine
        if machine.has('node') or machine.has('npm') or self._has_fetched():
            return None
        return Verdict(MISSING, 'no node is here to run it', 'apt install nodejs npm')

    def _has_fetched(self) -> bool:
        return any((self.machine.where.cache / 'externals').glob('node*/bin/node'))

    def _scanner(self, need: Need) -> Verdict | None:
        scanner = next(one for one in SCANNERS if one.action.lower() == need.what)
        if any(map(self.machine.has, scanner.programs)):
            return None
        names = ' or '.join(scanner.programs)
        if isinstance(self.machine.engine, Engine):
            lacking = self._pull(scanner.image)
            if lacking is None:
                return None
            problem = f'no {names} is here; {lacking.problem}'
            return Verdict(MISSING, problem, f'{scanner.install}, or {lacking.remedy}')
        problem = f'neither {names} nor a container engine is here'
        return Verdict(MISSING, problem, f'{scanner.install}; {self.machine.engine}')

    def _forge(self, need: Need) -> Verdict | None:
        home = self.machine.home
        if not home.host:
            remedy = 'git remote add origin https://github.com/OWNER/NAME.git'
            return Verdict(MISSING, 'the repository has no remote to write to', remedy)
        if home.forge is None:
            remedy = f'config.yml: forges: {{{home.host}: gitea}} (or github, forgejo, gitlab)'
            return Verdict(MISSING, f'it is not known what runs at {home.host}', remedy)
        return None

    def _program(self, need: Need) -> Verdict | None:
        if need.what == programs.COMPOSE:
            if not self.machine.has('docker') or self.machine.answers(
                'docker', 'compose', 'version'
            ):
                return None
            return Verdict(MISSING, f'no `{programs.COMPOSE}` is here', programs.COMPOSE_INSTALL)
        if self._elsewhere(need) or self.machine.has(need.what):
            return None
        return Verdict(MISSING, f'no {need.what} is on PATH', programs.PROGRAMS[need.what])

    def _elsewhere(self, need: Need) -> bool:
        """A container has programs of its own."""
        place = labels.place(need.labels, self.machine.where.config.labels)
        return need.contained or place.startswith(labels.DOCKER)

    def _python(self, need: Need) -> Verdict | None:
        known, by = self.machine.pythons, 'uv'
        return self._version(need, need.what, known, by, f'uv python install {need.what}')

    def _node_version(self, need: Need) -> Verdict | None:
        wanted = need.what
        if wanted.startswith('lts/'):
            wanted = nodes.find_major(wanted) or ''
        elif wanted in _ANY_NODE:
            wanted = '*'
        return self._version(need, wanted, self.machine.nodes, 'npm', 'apt install nodejs npm')

    def _version(
        self, need: Need, wanted: str, known: list[Version], by: str, install: str
    ) -> Verdict | None:
        range_ = parse_range(wanted)
        if range_ is None or self._elsewhere(need):
            return None  # PyPy, say: the action will speak for itself
        if any(satisfies(version, range_) for version in known):
            return None
        problem = f'no {need.kind} {need.what} is here'
        if self.machine.has(by):
            return Verdict(NOTE, f'{problem}; {by} will fetch it', '')
        return Verdict(MISSING, problem, install)


_WAYS: Final[Mapping[str, Callable[[Court, Need], Verdict | None]]] = {
    needs.LABELS: Court._labels,
    needs.ENGINE: Court._engine,
    needs.IMAGE: Court._image,
    needs.SERVICE: Court._service,
    needs.ACTION: Court._action,
    needs.CALLED: Court._action,
    needs.NODE: Court._node,
    needs.SCANNER: Court._scanner,
    needs.FORGE: Court._forge,
    needs.PROGRAM: Court._program,
    needs.PYTHON: Court._python,
    needs.NODE_VERSION: Court._node_version,
}
