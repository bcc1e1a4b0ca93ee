import os

from liftlock.store.place import file_system

MOUNTS = """\
22 28 0:21 / /proc rw,nosuid - proc proc rw
28 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
91 28 0:52 / /home/me rw,relatime shared:2 master:9 - nfs4 server:/home rw,vers=4.2
"""


def test_a_directory_is_on_the_file_system_of_its_device() -> None:
    assert file_system(os.makedev(8, 1), MOUNTS) == 'ext4'


def test_a_network_file_system_is_recognised_in_spite_of_optional_fields() -> None:
    assert file_system(os.makedev(0, 52), MOUNTS) == 'nfs4'


def test_a_device_that_is_not_listed_is_unknown() -> None:
    assert file_system(os.makedev(9, 9), MOUNTS) == ''


def test_device_numbers_are_compared_as_a_whole() -> None:
    assert file_system(os.makedev(8, 11), MOUNTS) == ''
    assert file_system(os.makedev(0, 2), MOUNTS) == ''
