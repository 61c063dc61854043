"""From older settings files to the present form, one version at a time.

A step is a pure function from the values of version N to those of version N + 1. It gets what a person may
have edited: any value may be missing or of a wrong type (the schema checks them afterwards), and keys that it
does not know must be passed on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from .secrets import split_values

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Values: TypeAlias = "dict[str, Any]"
Step: TypeAlias = "Callable[[Values], Values]"

CURRENT_VERSION = 3


def _secrets_out(values: Values) -> Values:
    """Version 2 holds no secrets: the store has taken them out before, and hands them to the keyring."""
    return split_values(values)[0]


def _updates_in(values: Values) -> Values:
    """Version 3 has settings of updates; whoever wrote them by hand before that, under a natural name, meant them."""
    grouped = values.pop("updates", None)
    for word in ("check", "url"):
        found = values.pop(f"updates.{word}", None)
        if found is None and isinstance(grouped, dict):
            found = grouped.get(word)
        if found is not None:
            values.setdefault(f"updates_{word}", found)
    return values


STEPS: Mapping[int, Step] = {1: _secrets_out, 2: _updates_in}
"""By the version that a step starts from."""


def migrate(
    values: Values, version: int, *, steps: Mapping[int, Step] = STEPS, current: int = CURRENT_VERSION
) -> Values:
    """Bring `values` of `version` to version `current`; the argument is not changed.

    A version newer than `current` is returned as it is: its keys that are still known are used.
    """
    result = dict(values)
    for start in range(version, current):
        result = steps[start](dict(result))
    return result
