"""The one place for JSON text: how it is written, and how strangers' JSON is read."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from healthsim_lake.errors import FormatError

MAX_DEPTH = 200


def dumps(value: Any) -> bytes:
    """Return compact ASCII JSON; keys keep their order, NaN and infinities are refused."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False).encode("ascii")


def loads(data: bytes | str) -> Any:
    """Parse JSON that this package wrote itself."""
    return json.loads(data)


def loads_foreign(data: bytes | str, *, where: str) -> Any:
    """Parse JSON that somebody else wrote, refusing what could not be kept.

    Args:
        data: UTF-8 JSON text; a byte order mark is accepted.
        where: What to call the text in errors, e.g. a file name.

    Raises:
        FormatError: Not JSON (with line and column), not UTF-8, a key given twice in one object,
            NaN or infinity, or nesting beyond `MAX_DEPTH`.
    """
    try:
        text = data.decode("utf-8-sig") if isinstance(data, bytes) else data
        return json.loads(text, object_pairs_hook=_no_twins, parse_constant=_no_constants)
    except UnicodeDecodeError as error:
        raise FormatError(f"{where}: not UTF-8 text (byte {error.start})") from error
    except json.JSONDecodeError as error:
        raise FormatError(
            f"{where}: not valid JSON at line {error.lineno}, column {error.colno}: {error.msg}"
        ) from error
    except RecursionError as error:
        raise FormatError(f"{where}: nested too deeply (more than {MAX_DEPTH} levels)") from error
    except FormatError as error:
        raise FormatError(f"{where}: {error}") from error


def _no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) < len(pairs):
        keys = [key for key, _ in pairs]
        twin = next(key for at, key in enumerate(keys) if key in keys[:at])
        raise FormatError(f"key {twin!r} is given twice in one object")
    return result


def _no_constants(name: str) -> NoReturn:
    raise FormatError(f"{name} is not a JSON value")
