"""Which gates a tool is evidence for. One that nobody knows is taken to look at code, as GitHub's
code scanning does."""

from typing import Final

GATES: Final[dict[str, tuple[str, ...]]] = {
    'bandit': ('code',),
    'checkov': ('code',),
    'codeql': ('code',),
    'detect-secrets': ('secrets',),
    'eslint': ('lint',),
    'flake8': ('lint',),
    'gitleaks': ('secrets',),
    'grype': ('dependencies',),
    'hadolint': ('container',),
    'kingfisher': ('secrets',),
    'mypy': ('lint',),
    'npm audit': ('dependencies',),
    'osv-scanner': ('dependencies',),
    'pip-audit': ('dependencies',),
    'pylint': ('lint',),
    'pyright': ('lint',),
    'retire': ('dependencies',),
    'ruff': ('lint',),
    'safety': ('dependencies',),
    'semgrep': ('code',),
    'shellcheck': ('lint',),
    'snyk': ('dependencies',),
    'trufflehog': ('secrets',),
    'wapiti': ('code',),
    'zizmor': ('code',),
}


def gates(tool: str) -> tuple[str, ...]:
    """Of a tool as it calls itself: `Semgrep OSS`, `ESLint`."""
    name = tool.lower()
    return next((found for known, found in GATES.items() if name.startswith(known)), ('code',))
