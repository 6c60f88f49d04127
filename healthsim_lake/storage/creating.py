"""Creates of which exactly one caller wins, in stores that can write a key only if it is free."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from typing import Any, ClassVar
from weakref import WeakKeyDictionary

from fsspec import AbstractFileSystem

from healthsim_lake.errors import (
    AccessError,
    KeyExistsError,
    ReadOnlyError,
    StorageError,
    UnsafeStoreError,
)
from healthsim_lake.storage import layout
from healthsim_lake.storage.base import Storage
from healthsim_lake.storage.refusals import NOT_NOW, explained, mapped_errors, refusal_code

_ATTEMPTS = 4


class Creator:
    """Creates values in one store, which has to show first that it keeps its word.

    Args:
        storage: Reads and deletes.
        put_new: Asks the store to write a key if it is free; errors are the client's own.
        conditional: Whether the store can be asked that at all.
    """

    _proven: ClassVar[WeakKeyDictionary[AbstractFileSystem, set[str]]] = WeakKeyDictionary()
    _proving: ClassVar[threading.Lock] = threading.Lock()

    def __init__(
        self, storage: Storage, put_new: Callable[[str, bytes], None], *, conditional: bool
    ) -> None:
        self._storage, self._put_new, self._conditional = storage, put_new, conditional

    def create(self, key: str, data: bytes, *, of: Any, bucket: str) -> None:
        """Store `data` under `key` if the key is free.

        Clients repeat requests whose answer was lost, and then find their own first attempt: so
        whoever reads back what he wrote has won.

        Args:
            key: Where to.
            data: The value.
            of: The client; what it has shown once, it need not show again.
            bucket: Which of its buckets.

        Raises:
            KeyExistsError: The key is taken.
            UnsafeStoreError: The store does not keep its word.
            StorageError: Anything else; the value may or may not have been stored.
        """
        self._prove(of, bucket)
        for attempt in range(_ATTEMPTS):
            try:
                self._put_new(key, data)
            except Exception as error:  # clients have no common base for what may go wrong
                trouble = explained(error, self._storage.url, key, "write")
                if isinstance(trouble, AccessError | ReadOnlyError):
                    raise trouble from error
                if refusal_code(error) in NOT_NOW and attempt < _ATTEMPTS - 1:
                    time.sleep(0.05 * 2**attempt)
                    continue
                if self._holds(key, data):
                    return
                raise trouble from error
            else:
                return

    def _holds(self, key: str, data: bytes) -> bool:
        """Return whether `data` is what stands under `key`; False also if nobody can tell."""
        try:
            return self._storage.read(key) == data
        except StorageError:
            return False

    def _prove(self, client: Any, bucket: str) -> None:
        """Create one key twice; the second has to fail. Asked once for each store and process.

        Raises:
            UnsafeStoreError: It did not, or the filesystem has no such request.
        """
        with self._proving:
            proven = self._proven.setdefault(client, set())
            if bucket in proven:
                return
            url = self._storage.url
            refusal = UnsafeStoreError(
                f"{url}: the store does not keep two writers from both winning (it ignores "
                "conditional creates); if nobody else writes, open the lake with "
                "single_writer=True",
            )
            if not self._conditional:
                raise refusal
            key = f"{layout.STAGING}/{secrets.token_hex(12)}.tmp"
            with mapped_errors(url, key, "write"):
                self._put_new(key, b"first")
            try:
                if self._is_overwritten(key):
                    raise refusal
            finally:
                self._storage.delete(key)
            proven.add(bucket)

    def _is_overwritten(self, key: str) -> bool:
        try:
            self._put_new(key, b"second")
        except Exception as error:  # see `create`
            trouble = explained(error, self._storage.url, key, "write")
            if isinstance(trouble, KeyExistsError):
                return False
            raise trouble from error
        return True
