"""Programs on this machine, behind the traffic router: the embedded default of delivery."""

from liftlock.targets.process.target import ProcessTarget as ProcessTarget
