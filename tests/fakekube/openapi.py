"""The little of OpenAPI v2 that kubectl before 1.27 asks for, in its protobuf form.

kubectl looks there whether PATCH of a kind knows `dryRun`, and takes part in nothing else that is
in it: without definitions it leaves validation to the server. Field numbers: gnostic's OpenAPIv2.
"""

from fakekube.resources import RESOURCES, Resource

PATHS, PATH, NAME, VALUE, PATCH = 8, 2, 1, 2, 8
PARAMETERS, EXTENSION, YAML = 8, 13, 2
NON_BODY, QUERY, QUERY_NAME = 2, 3, 4


def document() -> bytes:
    paths = b''.join(_field(PATH, _path(one)) for one in RESOURCES)
    return _field(1, b'2.0') + _field(PATHS, paths)


def _path(one: Resource) -> bytes:
    middle = '/namespaces/{namespace}' if one.namespaced else ''
    name = f'{one.root}{middle}/{one.plural}/{{name}}'
    kind = f'group: "{one.group}"\nkind: {one.kind}\nversion: {one.version}\n'
    extension = _field(NAME, b'x-kubernetes-group-version-kind') + _field(
        VALUE, _field(YAML, kind.encode())
    )
    # ParametersItem{parameter=1{non_body_parameter=2{query=3{name=4}}}}
    parameter = _field(1, _field(NON_BODY, _field(QUERY, _field(QUERY_NAME, b'dryRun'))))
    operation = _field(PARAMETERS, parameter) + _field(EXTENSION, extension)
    return _field(NAME, name.encode()) + _field(VALUE, _field(PATCH, operation))


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _varint(number: int) -> bytes:
    made = bytearray()
    while number >= 128:
        made.append(number & 127 | 128)
        number >>= 7
    made.append(number)
    return bytes(made)
