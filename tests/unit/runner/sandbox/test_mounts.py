from liftlock.runner.sandbox.mounts import (
    COPY,
    FOLDER,
    LINK,
    READ,
    TEXT,
    WRITE,
    Mount,
    lies_in,
    ordered,
    same,
    shows,
    words,
)


def test_what_lies_deeper_comes_later() -> None:
    mounts = [same(WRITE, '/home/me/job'), same(READ, '/usr'), Mount(FOLDER, '/home')]
    assert [mount.place for mount in ordered(mounts)] == ['/usr', '/home', '/home/me/job']


def test_bubblewrap_is_told_in_its_own_words() -> None:
    mounts = [
        same(READ, '/usr'),
        Mount(LINK, '/bin', 'usr/bin'),
        Mount(WRITE, '/tmp', '/job/tmp'),
        Mount(FOLDER, '/home'),
        Mount(TEXT, '/etc/hosts', 'localhost'),
        Mount(COPY, '/etc/services', '/etc/services'),
    ]
    told = ' '.join(words(mounts, [7, 8]))
    assert '--ro-bind /usr /usr' in told
    assert '--symlink usr/bin /bin' in told
    assert '--bind /job/tmp /tmp' in told
    assert '--perms 0755 --dir /home' in told
    assert '--perms 0644 --file 7 /etc/hosts --perms 0644 --file 8 /etc/services' in told


def test_directories_on_the_way_are_open_to_everybody_and_made_once() -> None:
    told = ' '.join(words([same(READ, '/a/b/c'), same(READ, '/a/b/d')], []))
    assert told.count('--perms 0755 --dir /a/b ') == 1
    assert told.index('--dir /a ') < told.index('--dir /a/b ') < told.index('--ro-bind')


def test_a_directory_is_not_another_whose_name_begins_alike() -> None:
    assert lies_in('/home/me', '/home/me')
    assert lies_in('/home/me/x', '/home/me')
    assert not lies_in('/home/mean', '/home/me')
    assert lies_in('/anything', '/')


def test_a_path_is_shown_only_where_it_means_the_same() -> None:
    mounts = [Mount(WRITE, '/tmp', '/job/tmp'), same(READ, '/tmp/tools'), Mount(FOLDER, '/opt')]
    assert shows(mounts, '/tmp/tools/bin')
    assert not shows(mounts, '/tmp/other')
    assert not shows(mounts, '/opt')
