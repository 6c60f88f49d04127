"""CSV bytes to rows: encoding, quotes and line ends, in bounded memory."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from healthsim_lake.errors import FormatError
from healthsim_lake.formats.synthea.source import CsvFile

MAX_ROW = 64 * 2**20
"""Characters that one row may have, so that no file, however made, fills the memory."""

_BLOCK = 2**20
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_END = "\0end of file\0"


class CsvText:
    """The rows of one CSV file, as lists of text.

    Quoted cells may hold commas, doubled quotes and line ends; a byte order mark at the start is
    skipped; lines may end in LF, CRLF or CR.

    Attributes:
        name: The file's name, for messages.
        line: Number of physical lines read so far.
        row_line: Line on which the last row began, counted from 1.
        read: Characters read so far.
        newline: How the first line ended; empty while nothing was read, or without line ends.
    """

    def __init__(self, name: str, stream: IO[bytes]) -> None:
        self.name = name
        self.line = 0
        self.row_line = 0
        self.read = 0
        self.newline = ""
        self._row_began = 0
        self._ended = False
        self._stream = stream
        self._text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
        # The csv module's limit of 128 KiB a cell holds for the whole process; it is only raised.
        csv.field_size_limit(max(csv.field_size_limit(), MAX_ROW + 1))

    @property
    def bytes_read(self) -> int:
        """Bytes taken from the file so far, reading ahead included."""
        return self._stream.tell()

    def rows(self) -> Iterator[list[str]]:
        """Yield the rows in order; a blank line is an empty list.

        Raises:
            FormatError: A row of more than `MAX_ROW` characters, or a quote that is never closed.
        """
        for row in csv.reader(self._lines()):
            if self._ended:
                if row != [_END]:
                    raise FormatError(
                        f"{self.name}, line {self.row_line}: a quote opened in this row is never "
                        "closed; the file is cut off, or a cell begins with a stray quote"
                    )
                return
            yield row
            self._row_began = self.read
            self.row_line = self.line + 1

    def _lines(self) -> Iterator[str]:
        readline = self._text.readline
        self.row_line = 1
        while line := readline(MAX_ROW + 1):
            self.read += len(line)
            if self.read - self._row_began > MAX_ROW:
                raise FormatError(
                    f"{self.name}, line {self.row_line}: a row of more than {MAX_ROW:,} "
                    "characters; this is not an export, or a quote is never closed"
                )
            if not self.line:
                self.newline = line[len(line.rstrip("\r\n")) :]
            self.line += 1
            yield line
        # One more line shows whether the last row was complete: inside an open quote it becomes
        # part of a cell, which the csv module would otherwise accept without a word.
        self._ended = True
        yield _END


@contextmanager
def open_csv(file: CsvFile) -> Iterator[CsvText]:
    """Open a file's rows for reading.

    Raises:
        FormatError: The file cannot be opened, is damaged, or is not UTF-8 (with byte and line).
    """
    try:
        with file.open() as stream:
            yield CsvText(file.name, stream)
    except UnicodeDecodeError as error:
        raise FormatError(_wrong_encoding(file)) from error


def has_bom(file: CsvFile) -> bool:
    """Tell whether the file starts with a UTF-8 byte order mark."""
    with file.open() as stream:
        return stream.read(len(codecs.BOM_UTF8)) == codecs.BOM_UTF8


def _wrong_encoding(file: CsvFile) -> str:
    offset, line = 0, 1
    decoder = codecs.getincrementaldecoder("utf-8")()
    with file.open() as stream:
        block = start = stream.read(_BLOCK)
        while True:
            held = len(decoder.getstate()[0])
            try:
                decoder.decode(block, final=not block)
            except UnicodeDecodeError as error:
                bad = max(error.start - held, 0)
                offset, line = offset + error.start - held, line + block.count(b"\n", 0, bad)
                break
            if not block:
                break
            offset += len(block)
            line += block.count(b"\n")
            block = stream.read(_BLOCK)
    guess = "UTF-16" if start.startswith(_UTF16) else "an older encoding such as Windows-1252"
    return (
        f"{file.name}: not UTF-8 text at byte {offset}, line {line}; it looks like {guess}: "
        "save the file as UTF-8"
    )
