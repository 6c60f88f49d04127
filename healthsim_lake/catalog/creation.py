"""Creating a commit in the log, and finding out whether it is ours that stands there."""

from __future__ import annotations

import contextlib
import time

from healthsim_lake.catalog.chain import read_commit
from healthsim_lake.errors import (
    AccessError,
    CommitStateUnknownError,
    KeyExistsError,
    ReadOnlyError,
    StorageError,
    StorageFullError,
    UnsafeStoreError,
)
from healthsim_lake.storage import Storage, layout

MAX_ATTEMPTS_AT_ONE_NUMBER = 3


class Creation:
    """The creates of one transaction.

    Attributes:
        may_stand: Whether one of its commits is, or may be, in the log.

    Args:
        storage: Where the lake is.
        txn_id: Tells the transaction's commits from those of others.
    """

    def __init__(self, storage: Storage, txn_id: str) -> None:
        self._storage, self._txn_id = storage, txn_id
        self.may_stand = False

    def run(self, version: int, data: bytes) -> bool:
        """Create a commit; return whether it stands, rather than somebody else's.

        Raises:
            CommitStateUnknownError: Nobody knows whether it stands; `may_stand` is true.
            StorageError: It does not.
        """
        self.may_stand = True
        try:
            self.may_stand = self._create(version, data)
        except KeyboardInterrupt:
            self.may_stand = self._stands_interrupted(version)
            raise
        return self.may_stand

    def _create(self, version: int, data: bytes) -> bool:
        """Create the commit; return whether it is ours that stands there now."""
        failure: StorageError | None = None
        for attempt in range(MAX_ATTEMPTS_AT_ONE_NUMBER):
            try:
                self._storage.create(layout.commit(version), data)
            except KeyExistsError:
                with contextlib.suppress(_AbsentError):
                    return self._stands(version)
                return False  # its writer is in the middle of it
            except (AccessError, ReadOnlyError, StorageFullError, UnsafeStoreError) as error:
                if self._stands_refused(version):
                    return True
                if failure is not None:
                    self.may_stand = True  # the request without an answer may still arrive
                    raise _unknown(version, failure) from error
                raise
            except StorageError as error:
                failure = error
                with contextlib.suppress(_AbsentError):
                    return self._stands(version)
                time.sleep(0.05 * 2**attempt)
            else:
                return True
        raise _unknown(version, failure) from failure

    def _stands_refused(self, version: int) -> bool:
        """Return whether our commit stands although the store refused it.

        A disk may be full only when it is asked to keep the name, and a client may have repeated a
        request whose answer was lost.
        """
        try:
            self.may_stand = self._is_ours(version)
        except _AbsentError:
            self.may_stand = False
        except CommitStateUnknownError:
            return False  # its files are kept
        return self.may_stand and self._lasts(version)

    def _stands_interrupted(self, version: int) -> bool:
        """Return whether our commit may stand although we were interrupted while we made it."""
        if not self._storage.stages:
            return True  # a store may still do what it was asked
        try:
            return self._is_ours(version)
        except _AbsentError:
            return False
        except CommitStateUnknownError:
            return True

    def _stands(self, version: int) -> bool:
        """Return whether our commit stands, for good, although the store did not say so."""
        return self._is_ours(version) and self._lasts(version)

    def _lasts(self, version: int) -> bool:
        """Make the name of our commit durable; returns True, or raises what may become of it."""
        try:
            self._storage.sync(layout.LOG)
        except StorageError as error:
            raise CommitStateUnknownError(
                f"commit {version} is there, but may be gone after a power failure: {error}"
            ) from error
        return True

    def _is_ours(self, version: int) -> bool:
        try:
            found = read_commit(self._storage, version)
        except StorageError as error:
            raise CommitStateUnknownError(
                f"commit {version} may or may not have been kept: {error}"
            ) from error
        if found is None:
            raise _AbsentError
        return found[0].txn_id == self._txn_id


class _AbsentError(Exception):
    """The commit is not in the log."""


def _unknown(version: int, failure: StorageError | None) -> CommitStateUnknownError:
    return CommitStateUnknownError(
        f"the store did not say whether it kept commit {version} ({failure}); "
        "look at the scenario before saving again, or repeat with the same idempotency_key"
    )
