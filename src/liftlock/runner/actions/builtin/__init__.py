"""Our own stand-ins for actions that need GitHub itself. To add one, write its module and name
it here; `docs/actions.md` has a row for each.
"""

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Final, cast

from liftlock.runner.actions.majors import major

if TYPE_CHECKING:
    from liftlock.runner.workbench import Builtin

# By name in lower case, path of the action included. A module is imported when it is used: a run
# that checks nothing out should not pay for it.
BUILTINS: Final[Mapping[str, str]] = {
    '8398a7/action-slack': 'action_slack',
    'actions/attest': 'attest',
    'actions/attest-build-provenance': 'attest_build_provenance',
    'actions/attest-sbom': 'attest_sbom',
    'actions/cache': 'cache',
    'actions/cache/restore': 'cache_restore',
    'actions/cache/save': 'cache_save',
    'actions/checkout': 'checkout',
    'actions/create-release': 'create_release',
    'actions/download-artifact': 'download_artifact',
    'actions/setup-node': 'setup_node',
    'actions/setup-python': 'setup_python',
    'actions/upload-artifact': 'upload_artifact',
    'anchore/scan-action': 'scan_action',
    'aquasecurity/trivy-action': 'trivy',
    'anchore/sbom-action': 'sbom_action',
    'astral-sh/setup-uv': 'setup_uv',
    'aws-actions/amazon-ecr-login': 'ecr_login',
    'aws-actions/amazon-ecs-deploy-task-definition': 'ecs_deploy',
    'aws-actions/amazon-ecs-render-task-definition': 'ecs_render',
    'aws-actions/configure-aws-credentials': 'aws_credentials',
    'azure/k8s-set-context': 'k8s_set_context',
    'azure/setup-helm': 'setup_helm',
    'azure/setup-kubectl': 'setup_kubectl',
    'codecov/codecov-action': 'codecov',
    'dependency-check/dependency-check_action': 'dependency_check',
    'docker/build-push-action': 'docker_build_push',
    'docker/login-action': 'docker_login',
    'docker/metadata-action': 'docker_metadata',
    'docker/setup-buildx-action': 'docker_setup_buildx',
    'docker/setup-qemu-action': 'docker_setup_qemu',
    'github/codeql-action/upload-sarif': 'upload_sarif',
    'peter-evans/create-pull-request': 'create_pull_request',
    'rtcamp/action-slack-notify': 'slack_notify',
    'slackapi/slack-github-action': 'slack_github',
    'snok/install-poetry': 'install_poetry',
    'softprops/action-gh-release': 'gh_release',
    'trufflesecurity/trufflehog': 'trufflehog',
    'zaproxy/action-baseline': 'zap_baseline',
    'zaproxy/action-full-scan': 'zap',
}
# Up to which major another module is meant: one whose inputs have nothing in common with today's.
OLDER: Final[Mapping[str, tuple[int, str]]] = {'slackapi/slack-github-action': (1, 'slack_send')}


def find_builtin(name: str, ref: str) -> 'Builtin | None':
    """The stand-in for `owner/repo[/path]` at that ref; None where the original is to run."""
    module = BUILTINS.get(name.lower())
    if module is None:
        return None
    if name.lower() in OLDER:
        last, older = OLDER[name.lower()]
        module = older if major(ref) <= last else module
    return cast('Builtin', import_module(f'{__name__}.{module}'))
