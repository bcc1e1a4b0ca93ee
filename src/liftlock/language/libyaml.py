"""libyaml's parser, without the half of PyYAML that is written in Python.

`import yaml` reads some fifteen modules and compiles their patterns, which takes longer than all
of a short run's work; a run needs only libyaml and the classes of nodes and events. So the package
is put in place unread, before anybody in this room imports from it. Whoever then asks the package
for more than that (`yaml.safe_load`) has it read as always, and never notices.
"""

import sys
from importlib import import_module
from importlib.machinery import PathFinder
from importlib.util import module_from_spec
from types import ModuleType
from typing import Any, Final

# The errors that libyaml asks the package for. MARKED ones know a place in the text.
MARKED: Final = ('Scanner', 'Parser', 'Composer', 'Constructor')
UNMARKED: Final = ('Reader', 'Emitter', 'Serializer', 'Representer')


def put_in_place() -> None:
    """Make `yaml` importable without reading it, unless somebody has read it already."""
    spec = PathFinder.find_spec('yaml')
    if 'yaml' in sys.modules or spec is None:
        return
    package = module_from_spec(spec)

    def read_after_all(name: str) -> object:
        del package.__dict__['__getattr__']
        assert spec.loader is not None
        spec.loader.exec_module(package)
        return getattr(package, name)

    package.__dict__['__getattr__'] = read_after_all
    sys.modules['yaml'] = package


def load() -> Any:
    """The parser; None where PyYAML was built without libyaml."""
    package = sys.modules['yaml']
    if '__getattr__' in package.__dict__:  # unread
        # Not `from yaml import tokens`, which would ask the package first.
        for needed in ('error', 'tokens', 'events', 'nodes'):
            import_module(f'yaml.{needed}')
        error = sys.modules['yaml.error']
        for names, base in ((MARKED, error.MarkedYAMLError), (UNMARKED, error.YAMLError)):
            for name in names:
                stand_in = ModuleType(f'yaml.{name.lower()}')
                setattr(stand_in, f'{name}Error', type(f'{name}Error', (base,), {}))
                setattr(package, name.lower(), stand_in)
    try:
        from yaml._yaml import CParser
    except ImportError:
        return None
    return CParser
