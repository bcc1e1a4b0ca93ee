"""From an event of a registered repository to runs: its mirror, which workflows start and why the
others do not, who must approve first."""
