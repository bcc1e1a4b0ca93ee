"""What may stand in one place of `liftlock.yml`. The table is built of these, and of nothing else.

`read.py` turns a place into a value by them, `schema.py` turns them into JSON Schema: whoever adds
a shape adds one case to each.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from liftlock.language.records import NamedTuple
from liftlock.language.source import Span


class Text(NamedTuple):
    """Any scalar. `pattern` (a whole match) comes with the words that say what was expected."""

    pattern: str = ''
    expected: str = 'text'


class Template(NamedTuple):
    """Text with `${{ }}` that may use these names."""

    names: tuple[str, ...]


class Name(NamedTuple):
    """Text that stands for something elsewhere; read as a `Word`."""


class Choice(NamedTuple):
    """One of these words; `meaning` is what it stands for, where that is not the word itself."""

    words: tuple[str, ...]
    meaning: Mapping[str, Any] = {}


class Flag(NamedTuple):
    """true or false."""


class Whole(NamedTuple):
    low: int = 0
    high: int | None = None


class Number(NamedTuple):
    low: float = 0.0
    percent: bool = False  # then at most 100, and `%` may stand behind it


class Share(NamedTuple):
    """`2` or `25%`; read as an `Amount`."""


class Size(NamedTuple):
    """`512MB`, `4GB`, `10GiB`; read as bytes, of which a KB has 1024."""


class Duration(NamedTuple):
    """`30s`, `10m`, `1h30m`, `7d`; read as seconds."""


class Comparison(NamedTuple):
    """`error_rate > 5%`, or only `> 5%` where it is clear what is measured."""

    measured: bool = True
    alone: tuple[str, ...] = ()  # words that are conditions by themselves


class Reference(NamedTuple):
    """`secret:NAME`."""


class Items(NamedTuple):
    """A list; a lone item stands for a list of one where `lone` says so."""

    of: 'Shape'
    lone: bool = False


class Named(NamedTuple):
    """A mapping whose keys are the author's. `pattern` must match them whole."""

    of: 'Shape'
    pattern: str = r'[^\s/]+( [^\s/]+)*'
    noun: str = 'name'


class Field(NamedTuple):
    """`attribute` is the model's name, where it isn't the key in snake case."""

    shape: 'Shape'
    about: str
    required: bool = False
    attribute: str = ''


class Record(NamedTuple):
    """A mapping with known keys. `make` gets the fields that were written, by attribute.

    Exactly one key of `one_of` must be there, and at least one of `some_of`.
    """

    make: Callable[..., object]
    fields: Mapping[str, Field]
    one_of: tuple[str, ...] = ()
    some_of: tuple[str, ...] = ()


class Kinds(NamedTuple):
    """A mapping with exactly one key, which says what its value is.

    `words` are scalars that stand for a whole kind by themselves (`strategy: direct`). `make` turns
    what was read under a key, and the key's place, into a record of its own.
    """

    noun: str
    of: Mapping[str, Field]
    words: Mapping[str, object] = {}
    make: Mapping[str, Callable[[Any, Span], object]] = {}


class Either(NamedTuple):
    """The first shape for a scalar, the second for anything else."""

    scalar: 'Shape'
    other: 'Shape'


Shape: TypeAlias = (
    Text
    | Template
    | Name
    | Choice
    | Flag
    | Whole
    | Number
    | Share
    | Size
    | Duration
    | Comparison
    | Reference
    | Items
    | Named
    | Record
    | Kinds
    | Either
)

# --- what stands in many places

TEXT: Final = Text()
TEXTS: Final = Items(TEXT, lone=True)
NAMES: Final = Items(Name(), lone=True)
PERCENT: Final = Number(percent=True)
COMMAND: Final = Text(r'[\s\S]*\S[\s\S]*', 'a command')
PLACE: Final = Text(r'(~/|/)[^/].*', 'an absolute path, or one below ~/')
VARIABLE: Final = Text(r'[A-Za-z_][A-Za-z0-9_]*', 'the name of a variable')
PORT: Final = Whole(1, 65535)
SECRET_NAME: Final = Text(r'[A-Za-z_][A-Za-z0-9_]*', 'the name of a secret')
ENV: Final = Named(
    Template(('environment', 'preview', 'stable', 'version', 'github', 'vars', 'secrets')),
    r'[A-Za-z_][A-Za-z0-9_]*',
    'environment variable',
)
CONDITION: Final = Comparison(alone=('unhealthy',))
URL: Final = Text(r'https?://\S+', 'an http:// or https:// URL')
FILLED_URL: Final = Text(
    r'(https?://|\$\{\{.*\}\})(\$\{\{.*\}\}|\S)*',
    'an http:// or https:// URL',
)
