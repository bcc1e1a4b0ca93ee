"""Names of platforms."""

import pytest

from liftlock.runner.actions.platforms import normalise


@pytest.mark.parametrize(
    ('given', 'expected'),
    [
        ('linux/amd64', 'linux/amd64'),
        ('linux/x86_64', 'linux/amd64'),
        ('Linux/AArch64', 'linux/arm64'),
        ('linux/arm64/v8', 'linux/arm64'),
        ('linux/arm', 'linux/arm/v7'),
        ('linux/arm/v6', 'linux/arm/v6'),
        ('riscv64', 'linux/riscv64'),
        ('windows/amd64', 'windows/amd64'),
    ],
)
def test_one_platform_has_one_name(given: str, expected: str) -> None:
    assert normalise(given) == expected
