"""Services of a compose file on this machine, a project for each revision, behind the router."""

from liftlock.targets.compose.target import ComposeTarget as ComposeTarget
