"""A bill of materials as CycloneDX 1.6, by the library of that name."""

import warnings
from typing import TYPE_CHECKING, Final

from liftlock.errors import UserError
from liftlock.runner.bom.component import Component

if TYPE_CHECKING:
    from cyclonedx.model import HashType
    from cyclonedx.model.component import Component as Part
    from cyclonedx.model.license import License

INSTALL: Final = "pip install 'liftlock[gates]'"
_ALGORITHMS: Final = ('md5', 'sha1', 'sha256', 'sha384', 'sha512')


def render(name: str, digest: str, components: tuple[Component, ...], version: str) -> str:
    """JSON. `digest` is the sha256 of what it is about, '' for a directory; `version` is that of
    Liftlock. UserError where the library is not installed."""
    try:
        from cyclonedx.model import HashAlgorithm, HashType
        from cyclonedx.model.bom import Bom
        from cyclonedx.model.component import Component as Part
        from cyclonedx.model.component import ComponentType
        from cyclonedx.output import make_outputter
        from cyclonedx.schema import OutputFormat, SchemaVersion
    except ImportError as error:
        raise UserError(f'to write a bill of materials, {error.name} is needed', INSTALL) from None

    bom = Bom(components=map(_part, components))
    kind = ComponentType.FILE if digest else ComponentType.APPLICATION
    hashes = [HashType(alg=HashAlgorithm.SHA_256, content=digest)] if digest else []
    bom.metadata.component = Part(name=name, type=kind, hashes=hashes, bom_ref=name)
    bom.metadata.tools.components.add(
        Part(name='liftlock', version=version, type=ComponentType.APPLICATION)
    )
    outputter = make_outputter(bom, OutputFormat.JSON, SchemaVersion.V1_6)
    with warnings.catch_warnings():
        # It misses who depends on whom. Not every one of these files tells that, so none is told.
        warnings.simplefilter('ignore')
        return f'{outputter.output_as_string(indent=2)}\n'


def _part(one: Component) -> 'Part':
    from cyclonedx.model import Property
    from cyclonedx.model.component import Component as Part
    from cyclonedx.model.component import ComponentType
    from packageurl import PackageURL

    group, _, name = one.name.rpartition('/') if one.kind == 'npm' else ('', '', one.name)
    purl = PackageURL(one.kind, group or None, name, one.version or None)
    return Part(
        name=name,
        group=group or None,
        version=one.version or None,
        type=ComponentType.LIBRARY,
        purl=purl,
        bom_ref=str(purl),
        hashes=_hashes(one),
        licenses=[_license(one.license)] if one.license else [],
        properties=[Property(name='liftlock:source', value=one.source)],
    )


def _license(text: str) -> 'License':
    """An SPDX id or expression, else whatever name the package gives it."""
    from cyclonedx import spdx
    from cyclonedx.model.license import DisjunctiveLicense, LicenseExpression

    if known := spdx.fixup_id(text):
        return DisjunctiveLicense(id=known)
    if {'AND', 'OR', 'WITH'} & set(text.split()):
        return LicenseExpression(text)
    return DisjunctiveLicense(name=text)


def _hashes(one: Component) -> 'list[HashType]':
    """Only of packages that come as one file: which of several was installed isn't told."""
    from cyclonedx.model import HashType

    known = [(algorithm, digits) for algorithm, digits in one.hashes if algorithm in _ALGORITHMS]
    if len({algorithm for algorithm, _ in known}) < len(known):
        return []
    return [HashType.from_hashlib_alg(algorithm, digits) for algorithm, digits in known]
