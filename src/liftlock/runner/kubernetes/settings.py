"""`kubernetes:` of the user's settings: which cluster, and what pods look like there."""

from collections.abc import Mapping
from typing import Any, Final

from liftlock.language.records import NamedTuple

DEFAULT: Final = 'default'  # the template of labels that name none
LABEL: Final = 'liftlock.dev/job'  # its value is a digest of the tracking id of the job
TRACKING: Final = 'liftlock.dev/tracking-id'  # annotation
OURS: Final = {'app.kubernetes.io/managed-by': 'liftlock'}


class Template(NamedTuple):
    """What pods of a label have. `pod` and `container` are fields in Kubernetes' own words."""

    image: str = ''  # for jobs without `container:`
    user: int = 0  # number of the user; 0 leaves it to the image
    work: str = ''  # what the job's files may take, as 20Gi
    pod: Mapping[str, Any] = {}
    container: Mapping[str, Any] = {}


class Pods(NamedTuple):
    """An empty context is the current one of the kubeconfig; in a pod, that pod's account."""

    context: str = ''
    namespace: str = ''
    kubeconfig: str = ''
    program: str = 'kubectl'
    address: str = ''  # of this machine, as pods reach it; '' = found out
    start_minutes: float = 15.0  # until a pod has to run
    templates: Mapping[str, Template] = {}

    def template(self, name: str) -> Template | None:
        found = self.templates.get(name or DEFAULT)
        return Template() if found is None and name in ('', DEFAULT) else found
