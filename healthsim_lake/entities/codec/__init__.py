"""Rows to columns and back, without loss: what `decode` returns is what was encoded, strictly."""

from healthsim_lake.entities.codec.check import normalise
from healthsim_lake.entities.codec.chunk import SMALL_ROWS, Chunk
from healthsim_lake.entities.codec.decoding import decode
from healthsim_lake.entities.codec.frame import encode_frame
from healthsim_lake.entities.codec.rows import encode_rows
from healthsim_lake.entities.codec.shapes import Entry, Shape, shapes_from_json, shapes_to_json

__all__ = [
    "SMALL_ROWS",
    "Chunk",
    "Entry",
    "Shape",
    "decode",
    "encode_frame",
    "encode_rows",
    "normalise",
    "shapes_from_json",
    "shapes_to_json",
]
