from liftlock.runner.sandbox.repositories import format_of

CONFIG = """
[core]
\trepositoryformatversion = 1
\tbare = false
\tsshCommand = ssh -i ~/.ssh/key
[extensions]
\tobjectFormat = sha256
\tworktreeConfig = true
[remote "origin"]
\turl = https://me:password@example.org/x
[http "https://example.org"]
\textraHeader = "Authorization: basic c2VjcmV0"
"""


def test_of_the_settings_only_the_format_is_kept() -> None:
    assert format_of(CONFIG).split('\n') == [
        '[core]', '\trepositoryformatversion = 1', '\tbare = false',
        '[extensions]', '\tobjectFormat = sha256', '',
    ]  # fmt: skip


def test_a_repository_without_settings_has_none() -> None:
    assert format_of('') == ''
