"""Licenses, as bills of materials and lists tell them."""

import json
from typing import Any

import pytest

from liftlock.gates.reports.read import read
from liftlock.gates.reports.records import Licenses, Package

CYCLONEDX = {
    'bomFormat': 'CycloneDX',
    'components': [
        {
            'type': 'library',
            'group': '@shop',
            'name': 'a',
            'version': '1',
            'licenses': [{'license': {'id': 'MIT'}}, {'license': {'name': 'GPL'}}],
        },
        {
            'type': 'library',
            'name': 'b',
            'version': '2',
            'licenses': [{'expression': 'MIT OR ISC'}],
        },
        {'type': 'library', 'name': 'c', 'licenses': [{'license': {'name': 'UNKNOWN'}}]},
        {'type': 'file', 'name': '/bin/sh'},
        {'type': 'library', 'name': 'actions/cache', 'purl': 'pkg:github/actions/cache@v3'},
    ],
}
SPDX = {
    'spdxVersion': 'SPDX-2.3',
    'relationships': [{'relationshipType': 'DESCRIBES', 'relatedSpdxElement': 'SPDXRef-root'}],
    'hasExtractedLicensingInfos': [{'licenseId': 'LicenseRef-1', 'name': 'Ours'}],
    'packages': [
        {'SPDXID': 'SPDXRef-root', 'name': 'shop', 'licenseDeclared': 'NOASSERTION'},
        {
            'SPDXID': 'a',
            'name': 'a',
            'versionInfo': '1',
            'licenseConcluded': 'NOASSERTION',
            'licenseDeclared': 'MIT',
        },
        {'SPDXID': 'b', 'name': 'b', 'licenseConcluded': 'LicenseRef-1'},
    ],
}
PIP = [
    {'Name': 'a', 'Version': '1', 'License': 'MIT License; BSD License'},
    {'Name': 'b', 'Version': '2', 'License': 'UNKNOWN'},
]
NPM = {'@shop/a@1.0': {'licenses': 'MIT*'}, 'b@2.0': {'licenses': ['ISC', 'GPL']}}


@pytest.mark.parametrize(
    ('content', 'packages'),
    [
        (
            CYCLONEDX,
            [
                Package('@shop/a 1', ('MIT', 'GPL')),
                Package('b 2', ('MIT OR ISC',)),
                Package('c'),
            ],
        ),
        (SPDX, [Package('a 1', ('MIT',)), Package('b', ('Ours',))]),
        (PIP, [Package('a 1', ('MIT License', 'BSD License')), Package('b 2')]),
        (NPM, [Package('@shop/a 1.0', ('MIT',)), Package('b 2.0', ('ISC', 'GPL'))]),
    ],
)
def test_licenses_are_read(content: Any, packages: list[Package]) -> None:
    (found,) = read('bom', json.dumps(content).encode()).reports
    assert isinstance(found, Licenses)
    assert list(found.packages) == packages


def test_a_bill_that_tells_no_license_tells_of_packages_whose_license_is_not_known() -> None:
    bare = CYCLONEDX | {'components': [{'name': 'a', 'version': '1'}]}
    assert read('b', json.dumps(bare).encode()).reports == (
        Licenses('CycloneDX', (Package('a 1'),)),
    )
