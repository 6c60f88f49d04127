"""Bytes under keys: the seam to disks, memory and object stores."""

from healthsim_lake.storage.base import BYTES_UNDER_WAY, SMALL_BYTES, Entry, Storage
from healthsim_lake.storage.resolve import open_storage

__all__ = ["BYTES_UNDER_WAY", "SMALL_BYTES", "Entry", "Storage", "open_storage"]
