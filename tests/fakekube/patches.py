"""The four ways to change an object: strategic, merge and JSON patches, and server-side apply."""

from copy import deepcopy
from typing import Any, Final

from fakekube.refusal import Refused

# Lists that merge by a key of their items; Service ports and container ports differ.
KEYS: Final = {
    'containers': 'name',
    'initContainers': 'name',
    'ephemeralContainers': 'name',
    'env': 'name',
    'volumes': 'name',
    'volumeMounts': 'mountPath',
    'volumeDevices': 'devicePath',
    'imagePullSecrets': 'name',
    'hostAliases': 'ip',
    'conditions': 'type',
    'ownerReferences': 'uid',
    'topologySpreadConstraints': 'topologyKey',
}
PRIMITIVES: Final = ('finalizers',)


def strategic(base: Any, patch: Any) -> Any:
    if not isinstance(patch, dict):
        return deepcopy(patch)
    if patch.get('$patch') == 'replace':
        return {key: deepcopy(value) for key, value in patch.items() if key != '$patch'}
    made = dict(base) if isinstance(base, dict) else {}
    if '$retainKeys' in patch:
        made = {key: value for key, value in made.items() if key in patch['$retainKeys']}
    for key, value in patch.items():
        if key.startswith('$deleteFromPrimitiveList/'):
            name = key.partition('/')[2]
            made[name] = [one for one in made.get(name) or [] if one not in value]
        elif key.startswith('$'):
            continue
        elif value is None:
            made.pop(key, None)
        elif isinstance(value, list):
            made[key] = _list(key, made.get(key) or [], value)
        else:
            made[key] = strategic(made.get(key), value)
    return _ordered(made, patch)


def _list(name: str, base: list[Any], patch: list[Any]) -> list[Any]:
    if name in PRIMITIVES:
        return [*base, *(one for one in patch if one not in base)]
    key = KEYS.get(name) or (_port_key(base, patch) if name == 'ports' else '')
    if not key:
        return deepcopy(patch)
    if {'$patch': 'replace'} in patch:
        return [deepcopy(one) for one in patch if one != {'$patch': 'replace'}]
    made = [dict(one) for one in base]
    for item in patch:
        if key not in item:
            raise Refused(
                400, 'BadRequest', f'map: {item} does not contain declared merge key: {key}'
            )
        index = next((at for at, one in enumerate(made) if one.get(key) == item[key]), None)
        if item.get('$patch') == 'delete':
            made = [one for one in made if one.get(key) != item[key]]
        elif index is None:
            made.append(strategic({}, item))
        else:
            made[index] = strategic(made[index], item)
    return made


def _port_key(base: list[Any], patch: list[Any]) -> str:
    first = (base or patch)[0]
    return 'containerPort' if 'containerPort' in first else 'port'


def _ordered(made: dict[str, Any], patch: dict[str, Any]) -> dict[str, Any]:
    for key, order in patch.items():
        name = key.removeprefix('$setElementOrder/')
        if name == key or not isinstance(made.get(name), list):
            continue
        places = {str(_key_of(name, one)): at for at, one in enumerate(order)}
        made[name] = sorted(
            made[name], key=lambda one: places.get(str(_key_of(name, one)), len(places))
        )
    return made


def _key_of(name: str, item: Any) -> Any:
    if not isinstance(item, dict):
        return item
    return item.get(KEYS.get(name) or ('containerPort' if 'containerPort' in item else 'port'))


def merge(base: Any, patch: Any) -> Any:
    """RFC 7386."""
    if not isinstance(patch, dict):
        return deepcopy(patch)
    made = dict(base) if isinstance(base, dict) else {}
    for key, value in patch.items():
        if value is None:
            made.pop(key, None)
        else:
            made[key] = merge(made.get(key), value)
    return made


def json_patch(base: Any, operations: list[dict[str, Any]]) -> Any:
    """RFC 6902, without move and copy."""
    made = deepcopy(base)
    for one in operations:
        *path, last = [
            part.replace('~1', '/').replace('~0', '~') for part in one['path'].split('/')[1:]
        ]
        try:
            at = made
            for part in path:
                at = at[int(part)] if isinstance(at, list) else at[part]
            _operate(at, last, one)
        except (KeyError, IndexError, ValueError, TypeError):
            message = f'the server rejected our request due to an error in our request: {one}'
            raise Refused(422, 'Invalid', message) from None
    return made


def _operate(at: Any, last: str, one: dict[str, Any]) -> None:
    key: Any = (len(at) if last == '-' else int(last)) if isinstance(at, list) else last
    match one['op']:
        case 'add' if isinstance(at, list):
            at.insert(key, one['value'])
        case 'add':
            at[key] = one['value']
        case 'replace':
            del at[key]  # it must be there
            at.insert(key, one['value']) if isinstance(at, list) else at.update({key: one['value']})
        case 'remove':
            del at[key]
        case 'test':
            if at[key] != one['value']:
                raise ValueError(last)
        case _:
            raise ValueError(one['op'])


def applied(base: Any, before: Any, wanted: Any) -> Any:
    """Server-side apply: what this manager applied before and no longer does is gone."""
    return strategic(base, {**wanted, **_removals(before, wanted)} if before else wanted)


def _removals(before: Any, wanted: Any) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for key, value in before.items():
        if key not in wanted:
            made[key] = None
        elif isinstance(value, dict) and isinstance(wanted[key], dict):
            made[key] = {**wanted[key], **_removals(value, wanted[key])}
    return made
