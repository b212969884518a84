"""What is built or started in this repository."""

import errno

import pytest

from selfright.disk import DiskFullError, disk


def test_a_full_disk_has_its_own_error() -> None:
    """Only a full disk is told as one."""
    with pytest.raises(DiskFullError, match="Free some room"), disk():
        raise OSError(errno.ENOSPC, "full", "file")
    with pytest.raises(PermissionError), disk():
        raise PermissionError(errno.EACCES, "no", "file")
