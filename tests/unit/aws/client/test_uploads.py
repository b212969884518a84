import threading

import pytest

from controller.aws.client.uploads import Uploads

DEADLINE = 60


def test_everything_is_uploaded_before_the_block_ends() -> None:
    """The index is written after the block, so all files must be there."""
    done: list[int] = []
    with Uploads(connections=3) as uploads:
        for number in range(50):
            uploads.add(lambda number=number: done.append(number), 1)
    assert sorted(done) == list(range(50))


def test_the_reader_waits_while_too_much_is_being_uploaded() -> None:
    """Memory is bounded: a file is read only when there is room for it."""
    uploading, most, lock = 0, 0, threading.Lock()
    together = threading.Event()

    def upload() -> None:
        nonlocal uploading, most
        with lock:
            uploading += 1
            most = max(most, uploading)
            if most == 2:
                together.set()
        together.wait(DEADLINE)
        with lock:
            uploading -= 1

    with Uploads(connections=8, budget=20) as uploads:
        for _ in range(6):
            uploads.add(upload, 10)
    assert most == 2


def test_a_file_larger_than_the_budget_goes_alone() -> None:
    """An upload larger than the budget must not wait for ever."""
    done: list[int] = []
    with Uploads(budget=5) as uploads:
        uploads.add(lambda: done.append(1), 100)
        uploads.add(lambda: done.append(2), 100)
    assert sorted(done) == [1, 2]


def test_a_failure_ends_the_uploads() -> None:
    """The first failure is raised, and uploads that have not begun are dropped."""
    failed = threading.Event()

    def fail() -> None:
        failed.set()
        raise ValueError("no space")

    def upload_for_ever() -> None:
        with Uploads(connections=1, budget=1) as uploads:
            uploads.add(fail, 1)
            failed.wait(DEADLINE)
            while True:
                uploads.add(lambda: None, 1)

    with pytest.raises(ValueError, match="no space"):
        upload_for_ever()


def test_a_failure_of_the_last_upload_is_raised_at_the_end() -> None:
    """No later `add` could raise it."""

    def fail() -> None:
        raise ValueError("no space")

    with pytest.raises(ValueError, match="no space"), Uploads() as uploads:
        uploads.add(fail, 1)


def test_the_readers_own_error_wins() -> None:
    """The error of a bundle that cannot be read is raised, whatever the uploads do."""

    def read() -> None:
        with Uploads() as uploads:
            uploads.add(lambda: None, 1)
            raise KeyError

    with pytest.raises(KeyError):
        read()
