"""Objects of a lake in a store that somebody edits, swaps, cuts or takes away."""

from __future__ import annotations

import pytest
from test_files_behind_our_back import OTHER, READINGS, WORD, rows

from healthsim_lake.errors import IntegrityError, StorageError

HARM = {
    "edited": lambda own, _other: own.replace(WORD.encode(), OTHER.encode()),
    "swapped": lambda _own, other: other,
    "flipped": lambda own, _other: own[:100] + bytes([own[100] ^ 1]) + own[101:],
    "shortened": lambda own, _other: own[:-1],
    "emptied": lambda _own, _other: b"",
    "replaced by text": lambda own, _other: b"x" * len(own),
    "removed": lambda _own, _other: None,
}
"""What becomes of an object, from it and another one of the same size; None if it goes."""

NOT_READING = {"files", "clone"}
"""These pass on a path, or have the store copy: whoever reads that finds out."""


@pytest.mark.parametrize("harm", HARM)
def test_an_object_that_is_not_what_was_committed_is_named_and_never_shown(s3_server, bucket, harm):
    lake = s3_server.lake(bucket)
    lake.scenarios.save("mine", rows(WORD))
    lake.scenarios.save("other", rows(OTHER))
    client = lake._log.storage._client
    own, other = (lake.files("patients", scenario=name)[0] for name in ("mine", "other"))
    new = HARM[harm](client.cat_file(own), client.cat_file(other))
    if new is None:
        client.rm_file(own)
    else:
        client.pipe_file(own, new)
    for reading in READINGS.keys() - NOT_READING:
        with s3_server.lake(bucket) as fresh:
            with pytest.raises((IntegrityError, StorageError)) as caught:
                READINGS[reading](fresh)
            assert OTHER not in str(caught.value), reading
            assert fresh.version == lake.version, reading
    assert lake.scenarios.load("other")["patients"] == rows(OTHER)["patients"]
