"""What Envoy says about the files it was given."""

import pytest

from liftlock.rollout.trouble import Trouble
from liftlock.targets.envoy import files, names, publication

WARNING = (
    '[2026-11-30 20:12:22.848][8047][warning][config] [source/extensions/config_subscription/'
    'filesystem/filesystem_subscription_impl.cc:81] Filesystem config update rejected: '
)


@pytest.mark.parametrize(
    ('file', 'scope'),
    [
        ('clusters.json', 'cluster_manager.cds'),
        ('listeners.json', 'listener_manager.lds'),
        ('endpoints/r12@production.json', 'cluster.r12@production'),
        ('routes/production.json', 'http.production.rds.production'),
        ('routes/production+preview.json', 'http.production+preview.rds.production+preview'),
    ],
)
def test_every_file_has_statistics_of_its_own(file: str, scope: str) -> None:
    assert publication.scope(file) == scope


def test_the_last_refusal_is_the_one_that_counts() -> None:
    log = f'{WARNING}too old\n[2026][1][info] else\n{WARNING}missing ): (\n\n[2026][1][info] more\n'
    assert publication.reason(log) == 'missing ): ('


def test_a_refusal_may_have_several_lines() -> None:
    log = f'{WARNING}Error adding/updating listener(s) a: one\nb+preview: two\n\n\n'
    why = publication.reason(log)
    assert why == 'Error adding/updating listener(s) a: one\nb+preview: two'
    assert publication.refused_listeners(why) == {'a', 'b+preview'}


def test_where_nothing_was_refused_there_is_no_reason() -> None:
    assert publication.reason('[2026][1][warning] other\n') == ''


def test_the_same_content_has_the_same_version() -> None:
    one, other = files.text_of([{'a': 1, 'b': 2}]), files.text_of([{'b': 2, 'a': 1}])
    assert one[1] == other[1] != files.text_of([])[1]


@pytest.mark.parametrize('slug', ['', '../x', 'a.b', 'a@b', 'a+b', 'a/b', '-a', 'ä'])
def test_a_slug_is_nothing_but_a_slug(slug: str) -> None:
    with pytest.raises(Trouble):
        names.check(slug)
