"""Unit conversion: SI, imperial and Japanese units, exact where their definition is. The table is `units.toml`."""

from __future__ import annotations

import tomllib
import unicodedata
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from importlib import resources
from typing import Any

from yoriai.tools.calculator import shown
from yoriai.tools.tool import Result, Tool, ToolError, parameters, text_of
from yoriai.types import Context

_LONGEST = 40


@dataclass(frozen=True, kw_only=True, slots=True)
class Unit:
    dimension: str
    factor: Fraction
    offset: Fraction = Fraction(0)


@cache
def _units() -> dict[str, Unit]:
    """By name, as names are compared."""
    table = tomllib.loads(resources.files("yoriai.tools").joinpath("units.toml").read_text("utf8"))
    found: dict[str, Unit] = {}
    for dimension, units in table.items():
        for names, value in units.items():
            factor, _, offset = value.partition(" ")
            unit = Unit(dimension=dimension, factor=Fraction(factor), offset=Fraction(offset or 0))
            found |= dict.fromkeys(map(_key, names.split()), unit)
    return found


def convert(value: float | str, source: str, target: str) -> str:
    """`value` of one unit in another, as text. Raises: ToolError: an unknown unit, or one of another kind."""
    unit, wanted = _unit(source), _unit(target)
    if unit.dimension != wanted.dimension:
        raise ToolError(f"{source} is a unit of {unit.dimension}, {target} of {wanted.dimension}.")
    try:
        number = Fraction(str(value).replace(",", "").strip())
    except (ValueError, ZeroDivisionError) as error:
        raise ToolError(f"{str(value)[:40]} is not a number.") from error
    if number and not Fraction(1, 10**60) < abs(number) < 10**60:
        raise ToolError("The number is too large or too small.")
    return shown((number * unit.factor + unit.offset - wanted.offset) / wanted.factor)


def unit_converter() -> Tool:
    name_of = {"type": "string", "maxLength": _LONGEST}

    async def run(arguments: dict[str, Any], _: Context) -> Result:
        source, target = text_of(arguments, "from_unit", _LONGEST), text_of(arguments, "to_unit", _LONGEST)
        value = arguments.get("value")
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise ToolError('The argument "value" must be a number.')
        result = convert(value, source, target)
        sign = " " if result.startswith("≈") else " = "
        return Result(text=f"{value} {source}{sign}{result} {target}")

    return Tool(
        name="convert_units",
        description="Converts a number from one unit into another: length, area, volume, mass, temperature, time, "
        "speed, pressure, energy, power, data, angle; SI, imperial and Japanese units such as 坪, 畳, 合, 尺, 貫.",
        parameters=parameters(
            ("value", "from_unit", "to_unit"), value={"type": "number"}, from_unit=name_of, to_unit=name_of
        ),
        run=run,
    )  # fmt: skip


def _unit(name: str) -> Unit:
    plain = "_".join(_key(name).split())
    forms = (plain, plain.rstrip("."), plain.removeprefix("degrees_").removeprefix("degree_"))
    found = next((_units()[each] for each in forms if each in _units()), None)
    if found is None:
        raise ToolError(f"There is no unit {name[:_LONGEST]} here.")
    return found


def _key(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold()
