"""YAML as kubectl reads it: that of 1.1, but a time is a text, and 12:30 is no number."""

import re
from functools import cache
from typing import Any, Final

LEFT_OUT: Final = ('timestamp', 'int', 'float')
INTEGER: Final = re.compile(r'[-+]?(?:0b[01_]+|0x[0-9a-fA-F_]+|0[0-7_]*|[1-9][0-9_]*)$')
FLOAT: Final = re.compile(
    r'[-+]?(?:(?:[0-9][0-9_]*\.[0-9_]*|\.[0-9][0-9_]*)(?:[eE][-+]?[0-9]+)?'
    r'|[0-9][0-9_]*[eE][-+]?[0-9]+|\.(?:inf|Inf|INF))$|\.(?:nan|NaN|NAN)$'
)


def load(text: str) -> list[Any]:
    """Every document that is not empty. Raises ValueError for what is not YAML."""
    import yaml

    try:
        return [doc for doc in yaml.load_all(text, Loader=_loader()) if doc]
    except yaml.YAMLError as error:
        raise ValueError(' '.join(str(error).split())) from None


@cache
def _loader() -> Any:
    import yaml

    fast = getattr(yaml, 'CSafeLoader', yaml.SafeLoader)
    made: Any = type('Manifest', (fast,), {})
    made.yaml_implicit_resolvers = {
        first: [one for one in known if one[0].rpartition(':')[2] not in LEFT_OUT]
        for first, known in fast.yaml_implicit_resolvers.items()
    }
    made.add_implicit_resolver('tag:yaml.org,2002:int', INTEGER, list('-+0123456789'))
    made.add_implicit_resolver('tag:yaml.org,2002:float', FLOAT, list('-+0123456789.'))
    return made
