"""Workflows that call workflows: what goes in, what may be seen inside, what comes out."""

from collections.abc import Mapping

from liftlock.plan.plan import JobPlan


def secrets_for(job: JobPlan, secrets: Mapping[str, str]) -> dict[str, str]:
    """The secrets that a job may see: all, or what each call on the way in handed on.

    GITHUB_TOKEN always comes along. Empty values are dropped, as on GitHub.
    """
    raise NotImplementedError
