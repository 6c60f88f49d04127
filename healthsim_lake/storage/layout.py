"""Where things stand under a lake's root; every key in this package is made here."""

from __future__ import annotations

import re

from healthsim_lake._shown import shown
from healthsim_lake.errors import InvalidPathError

LAKE = "catalog/lake.json"
LOG = "catalog/log"
CHECKPOINTS = "catalog/checkpoint"
TORN = "catalog/torn"
SCENARIOS = "catalog/scenarios"
LEDGER = "catalog/ledger"
STAGING = "staging"
DATA = "data"
HISTORY = "history"
ROOMS = ("catalog", STAGING, DATA, HISTORY)

_DIGITS = 20
_ID_DIGITS = 16
_SEGMENT = r"[A-Za-z0-9_][A-Za-z0-9_.=-]{0,127}"
_KEY = re.compile(rf"{_SEGMENT}(?:/{_SEGMENT})*")
_COMMIT = re.compile(rf"{LOG}/(\d{{{_DIGITS}}})\.json")
_CHECKPOINT = re.compile(rf"{CHECKPOINTS}/(\d{{{_DIGITS}}})-([0-9a-f]{{8}})\.jsonl")
_TXN = r"[0-9a-f]{24}"
_DATA_FILE = re.compile(
    rf"({DATA}|{HISTORY})/([a-z][a-z0-9_]{{0,62}})/scenario_id=([0-9a-f-]{{36}})/"
    rf"({_TXN}-\d{{1,9}})\.parquet"
)
_STAGED = re.compile(rf"{STAGING}/({_TXN}-\d{{1,9}})\.parquet")
_DOCUMENT = re.compile(rf"catalog/(scenarios|profiles|journeys)/([^/]+)/({_TXN})[^/]*\.json")
_LEDGER_FILE = re.compile(rf"{LEDGER}/(profiles|journeys)/files/({_TXN})\.parquet")
_EXECUTION = re.compile(rf"/segments/(\d{{{_ID_DIGITS}}})\.json$")


def check_key(key: str) -> str:
    """Return `key` if it is one that this package could have made.

    Raises:
        InvalidPathError: An empty or absolute key, ``..``, a backslash, control characters, or
            anything else outside of letters, digits and ``_ . = -`` between slashes.
    """
    if not is_key(key):
        raise InvalidPathError(f"{shown(key)} is not a key inside a lake")
    return key


def is_key(key: str) -> bool:
    """Return whether `key` is one that this package could have made."""
    return _KEY.fullmatch(key) is not None


def commit(version: int) -> str:
    """Return the key of commit `version`."""
    return f"{LOG}/{version:0{_DIGITS}d}.json"


def commit_version(key: str) -> int | None:
    """Return the version that a key of the log belongs to, or None for other keys."""
    match = _COMMIT.fullmatch(key)
    return int(match[1]) if match else None


def checkpoint(version: int, digest: str) -> str:
    """Return the key of a checkpoint of `version` whose content has the SHA-256 `digest`."""
    return f"{CHECKPOINTS}/{version:0{_DIGITS}d}-{digest[:8]}.jsonl"


def checkpoint_parts(key: str) -> tuple[int, str] | None:
    """Return version and first eight digits of the digest of a checkpoint's key, or None."""
    match = _CHECKPOINT.fullmatch(key)
    return (int(match[1]), match[2]) if match else None


def manifest(scenario_id: str, txn_id: str) -> str:
    """Return the key of a manifest that is too large to stand inside its commit."""
    return check_key(f"catalog/scenarios/{scenario_id}/{txn_id}.json")


def statistics(scenario_id: str, name: str) -> str:
    """Return the key of what is known of the rows of one state of a scenario."""
    return check_key(f"catalog/scenarios/{scenario_id}/{name}.statistics.json")


def is_statistics(key: str) -> bool:
    """Return whether a key is that of the statistics of one state of a scenario."""
    return key.endswith(".statistics.json")


def staged(name: str) -> str:
    """Return the key of a data file that is not true yet."""
    return check_key(f"{STAGING}/{name}.parquet")


def live(table: str, scenario_id: str, name: str) -> str:
    """Return the key of a data file that is live."""
    return check_key(f"{DATA}/{table}/scenario_id={scenario_id}/{name}.parquet")


def retired(table: str, scenario_id: str, name: str) -> str:
    """Return the key of a data file that was superseded or deleted."""
    return check_key(f"{HISTORY}/{table}/scenario_id={scenario_id}/{name}.parquet")


def folder(room: str, table: str, scenario_id: str) -> str:
    """Return the folder of a scenario's files in ``data/`` or ``history/``."""
    return check_key(f"{room}/{table}/scenario_id={scenario_id}")


def manifests(scenario_id: str) -> str:
    """Return the folder of a scenario's documents beside the log."""
    return check_key(f"{SCENARIOS}/{scenario_id}")


def document(collection: str, document_id: str, txn_id: str) -> str:
    """Return the key of a specification that is too large to stand inside its commit."""
    return check_key(f"catalog/{collection}/{document_id}/{txn_id}.json")


def segments(ledger: str) -> str:
    """Return the folder of the executions that were recorded one by one."""
    return check_key(f"{LEDGER}/{ledger}/segments")


def segment(ledger: str, execution_id: int) -> str:
    """Return the key of one execution, whose name sorts by time."""
    return f"{segments(ledger)}/{execution_id:0{_ID_DIGITS}d}.json"


def segment_id(key: str) -> int | None:
    """Return the id of the execution under a key, or None for other keys."""
    match = _EXECUTION.search(key)
    return int(match[1]) if match else None


def ledger_files(ledger: str) -> str:
    """Return the folder of a ledger's Parquet files."""
    return check_key(f"{LEDGER}/{ledger}/files")


def ledger_file(ledger: str, txn_id: str) -> str:
    """Return the key of a Parquet file of executions."""
    return check_key(f"{ledger_files(ledger)}/{txn_id}.parquet")


def torn(version: int, digest: str) -> str:
    """Return the key under which a torn commit is put aside."""
    return f"{TORN}/{version:0{_DIGITS}d}-{digest[:8]}.jsonl"


def temporary(name: str) -> str:
    """Return the key of a value that is being written."""
    return check_key(f"{STAGING}/{name}.tmp")


def is_temporary(key: str) -> bool:
    """Return whether a key is that of a value that is, or was, being written."""
    return key.startswith(f"{STAGING}/") and key.endswith(".tmp")


def data_file(key: str) -> tuple[str, str, str, str] | None:
    """Return room, table, scenario and name of a data file in its folder, or None."""
    match = _DATA_FILE.fullmatch(key)
    return (match[1], match[2], match[3], match[4]) if match else None


def staged_name(key: str) -> str | None:
    """Return the name of a data file that waits in ``staging/``, or None for other keys."""
    match = _STAGED.fullmatch(key)
    return match[1] if match else None


def document_parts(key: str) -> tuple[str, str, str] | None:
    """Return collection, owner and transaction of a document beside the log, or None."""
    match = _DOCUMENT.fullmatch(key)
    return (match[1], match[2], match[3]) if match else None


def ledger_file_parts(key: str) -> tuple[str, str] | None:
    """Return ledger and transaction of a Parquet file of executions, or None for other keys."""
    match = _LEDGER_FILE.fullmatch(key)
    return (match[1], match[2]) if match else None
