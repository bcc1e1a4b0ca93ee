from liftlock.runner.sandbox.accounts import Account, group, passwd


def test_a_job_finds_itself_among_the_users() -> None:
    account = Account(65534, 65534, 'runner')
    first, *others = passwd(account, '/job/_home').splitlines()
    assert first == 'runner:x:65534:65534::/job/_home:/bin/bash'
    assert [line.split(':')[0] for line in others] == ['root', 'nobody']
    assert group(account).startswith('runner:x:65534:')
