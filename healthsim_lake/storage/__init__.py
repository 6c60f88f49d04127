"""Bytes under keys: the seam to disks, memory and object stores."""

from healthsim_lake.storage.base import Entry, Storage
from healthsim_lake.storage.resolve import open_storage

__all__ = ["Entry", "Storage", "open_storage"]
