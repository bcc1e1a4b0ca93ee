"""`liftlock import`: what is read goes to the output, what is told to the error output."""

from pathlib import Path

import yaml

from .conftest import Project

MANIFESTS = Path(__file__).parents[2] / 'golden' / 'manifests'
APPLICATION = (MANIFESTS / 'application_inline' / 'shop-production.yaml').read_text()
ROLLOUT = (MANIFESTS / 'blue_green' / 'rollout.yaml').read_text()
THERE = """\
app: shop

environments:
  # who tries things out
  development:
    on: {branches: [develop]}

alerts: []
"""


def test_what_is_printed_is_a_liftlock_yml_of_which_check_says_what_import_said(
    project: Project,
) -> None:
    project.write('argocd/app.yaml', APPLICATION)
    project.write('k8s/rollout.yaml', ROLLOUT)
    ended = project.liftlock('import', 'argocd', 'k8s/rollout.yaml')
    assert ended.status == 0
    assert 'k8s/rollout.yaml:21:7: warning: one old version is kept' in ended.err
    assert 'manifests: [k8s/rollout.yaml]' in ended.out
    assert list(yaml.safe_load(ended.out)['environments']) == ['production', 'shop']
    project.write('liftlock.yml', ended.out)
    checked = project.liftlock('check', 'liftlock.yml')
    assert checked.status == 0
    assert '"success-rate-2" is counted by the router, and there is none here' in checked.out
    assert '1 warning in 1 file' in checked.out


def test_with_somebody_who_counts_check_has_nothing_to_say(project: Project) -> None:
    project.write('argocd/app.yaml', APPLICATION)
    project.write('k8s/rollout.yaml', ROLLOUT)
    counted = '--prometheus', 'http://prometheus.example:9090'
    ended = project.liftlock('import', *counted, 'argocd', 'k8s/rollout.yaml')
    project.write('liftlock.yml', ended.out)
    checked = project.liftlock('check', 'liftlock.yml')
    assert (checked.status, checked.out) == (0, 'no mistakes in 1 file\n')


def test_paths_are_those_from_the_root_of_the_repository(project: Project) -> None:
    project.write('deploy/k8s/rollout.yaml', ROLLOUT)
    ended = project.liftlock('import', str(project.directory / 'deploy' / 'k8s'))
    assert 'manifests: [deploy/k8s/rollout.yaml]' in ended.out


def test_a_chart_is_known_by_its_file(project: Project) -> None:
    text = APPLICATION.partition('    helm:')[0] + '  destination: {namespace: shop}\n'
    project.write('app.yaml', text)
    assert 'manifests: [charts/shop]' in project.liftlock('import', 'app.yaml').out
    project.write('charts/shop/Chart.yaml', 'name: shop\n')
    assert 'helm: {chart: charts/shop}' in project.liftlock('import', 'app.yaml').out


def test_built_in_analyses_ask_the_prometheus_that_is_given(project: Project) -> None:
    project.write('rollout.yaml', ROLLOUT)
    where = 'http://prometheus.example.com:9090'
    ended = project.liftlock('import', 'rollout.yaml', '--prometheus', where)
    analyses = yaml.safe_load(ended.out)['environments']['shop']['analysis']
    assert list(analyses) == ['success-rate', 'success-rate-2', 'error-rate']
    assert {one['address'] for one in analyses.values()} == {where}
    assert 'destination_service=~"shop-preview"' in analyses['success-rate']['prometheus']
    assert 'counts what a router of Liftlock sees' not in ended.err


def test_an_environment_can_be_given_a_name(project: Project) -> None:
    project.write('rollout.yaml', ROLLOUT)
    ended = project.liftlock('import', 'rollout.yaml', '--environment', 'production')
    assert list(yaml.safe_load(ended.out)['environments']) == ['production']


def test_mistakes_are_told_with_their_place_and_end_with_2(project: Project) -> None:
    project.write('rollout.yaml', ROLLOUT.replace('replicas: 3', 'replicas: three'))
    ended = project.liftlock('import', 'rollout.yaml')
    assert ended.status == 2
    assert 'rollout.yaml:8:13: error: a whole number is expected, not "three"' in ended.err
    project.write('rollout.yaml', 'kind: [')
    ended = project.liftlock('import', 'rollout.yaml')
    assert ended.status == 2
    assert 'rollout.yaml:' in ended.err
    assert 'Bad YAML' in ended.err


def test_what_makes_no_environment_says_so(project: Project) -> None:
    project.write('config.yaml', 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n')
    ended = project.liftlock('import', 'config.yaml')
    assert ended.status == 2
    assert 'these manifests make no environment' in ended.err
    assert 'config.yaml:2:1: warning: ConfigMap' in ended.err
    nowhere = project.liftlock('import', 'nowhere.yaml')
    assert (nowhere.status, nowhere.out) == (2, '')
    assert 'nowhere.yaml cannot be read' in nowhere.err


def test_written_it_is_added_and_nothing_is_lost(project: Project) -> None:
    project.write('app.yaml', APPLICATION)
    ended = project.liftlock('import', '--write', 'app.yaml')
    assert (ended.status, ended.out) == (0, '')
    path = project.directory / 'liftlock.yml'
    alone = path.read_text()
    assert list(yaml.safe_load(alone)['environments']) == ['production']
    path.write_text(THERE)
    assert project.liftlock('import', '--write', 'app.yaml').status == 0
    both = path.read_text()
    assert both.startswith(THERE.removesuffix('\nalerts: []\n'))
    assert both.endswith('\nalerts: []\n')
    assert list(yaml.safe_load(both)['environments']) == ['development', 'production']
    assert project.liftlock('check', 'liftlock.yml').status == 0


def test_what_is_there_already_is_never_overwritten(project: Project) -> None:
    project.write('app.yaml', APPLICATION)
    for there in (
        'environments:\n  production: {on: manual}\n',
        'environments: {development: {on: manual}}\n',
    ):
        project.write('liftlock.yml', there)
        ended = project.liftlock('import', '--write', 'app.yaml')
        assert ended.status == 2
        assert 'production:' in ended.out
        assert 'by hand' in ended.err
        assert (project.directory / 'liftlock.yml').read_text() == there
