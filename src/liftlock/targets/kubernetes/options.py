"""`sync_options`: Argo CD's words, as far as they mean something here."""

from collections.abc import Iterable
from typing import Final

from liftlock.language.records import NamedTuple
from liftlock.rollout.trouble import Trouble

CASCADES: Final = {'foreground': 'foreground', 'background': 'background', 'orphan': 'orphan'}
MEANINGLESS: Final = ('ApplyOutOfSyncOnly', 'RespectIgnoreDifferences', 'PruneLast')
# PruneLast: what the manifests no longer have is never removed before the rest has settled


class Options(NamedTuple):
    """`apply` are words for `kubectl apply`."""

    create_namespace: bool = False
    cascade: str = 'background'
    server_side: bool = False
    validate: bool = True

    @property
    def apply(self) -> tuple[str, ...]:
        words = ('--server-side', '--force-conflicts', '--field-manager=liftlock')
        return (
            *(words if self.server_side else ()),
            *(() if self.validate else ('--validate=false',)),
        )


def read(words: Iterable[str]) -> Options:
    """Raises Trouble for an option that would be ignored in silence."""
    found = Options()
    for word in words:
        name, _, value = word.partition('=')
        match name, value:
            case 'CreateNamespace', _:
                found = found._replace(create_namespace=value == 'true')
            case 'PrunePropagationPolicy', _ if value in CASCADES:
                found = found._replace(cascade=CASCADES[value])
            case 'ServerSideApply', _:
                found = found._replace(server_side=value == 'true')
            case 'Validate', _:
                found = found._replace(validate=value != 'false')
            case _ if name not in MEANINGLESS:
                raise Trouble(
                    f'the sync option {word} is not supported',
                    'there are: CreateNamespace, PruneLast, PrunePropagationPolicy,'
                    ' ServerSideApply and Validate',
                )
    return found
