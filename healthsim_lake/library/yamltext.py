"""YAML, for those who installed the extra ``yaml``."""

from __future__ import annotations

from typing import Any

import yaml

from healthsim_lake import _json
from healthsim_lake._shown import shown
from healthsim_lake.errors import FormatError

_TIMESTAMP = "tag:yaml.org,2002:timestamp"


class _Loader(yaml.SafeLoader):
    """JSON values only: dates stay text; aliases, which may stand for gigabytes, are refused.

    So are keys that are given twice in one mapping.
    """

    yaml_implicit_resolvers = {  # noqa: RUF012  # as the base class declares it
        first: [one for one in resolvers if one[0] != _TIMESTAMP]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]  # stubs are partial
            raise yaml.composer.ComposerError(
                None, None, "aliases (*name) are not taken; write the value out", mark
            )
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:  # noqa: FBT001, FBT002  # as the base class declares it
        seen = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None,
                    None,
                    f"key {shown(key.value)} is given twice in one mapping",
                    key.start_mark,
                )
            seen.add(key.value if isinstance(key, yaml.ScalarNode) else None)
        return super().construct_mapping(node, deep=deep)


def yaml_text(value: Any) -> str:
    """Return `value` as YAML, keys in their order."""
    text: str = yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=100)
    return text


def yaml_value(data: bytes, where: str) -> Any:
    """Parse YAML that somebody else wrote, into JSON values.

    Args:
        data: The text.
        where: What to call it in errors.

    Raises:
        FormatError: Not YAML, with aliases, or with values that JSON has no form for.
    """
    try:
        value = yaml.load(data, Loader=_Loader)  # noqa: S506  # a safe loader, and stricter
        return _json.loads(_json.dumps(value))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = "" if mark is None else f" at line {mark.line + 1}, column {mark.column + 1}"
        raise FormatError(
            f"{where}: not usable YAML{place}: {getattr(error, 'problem', None) or error}"
        ) from error
    except (TypeError, ValueError, RecursionError) as error:
        raise FormatError(f"{where}: holds a value that JSON has no form for ({error})") from error
