import pytest

from yoriai.tools.tool import ToolError
from yoriai.tools.units import convert


@pytest.mark.parametrize(
    ("value", "source", "target", "result"),
    [
        (1, "mile", "km", "1.609344"),  # NIST SP 811, appendix B.8
        (1, "acre", "m2", "4046.8564224"),
        (1, "lb", "kg", "0.45359237"),
        (1, "us_gallon", "L", "3.785411784"),
        (36.6, "℃", "°F", "97.88"),
        (0, "K", "celsius", "-273.15"),
        (1, "hp", "W", "745.69987158227022"),
        (6, "畳", "㎡", "9.72"),
        (121, "坪", "平方メートル", "400"),
        (10, "合", "升", "1"),
        (4, "貫", "kg", "15"),
        (2, "hours", "分", "120"),
        (1, "GiB", "MiB", "1024"),
    ],
)
def test_units_are_converted_exactly(value: float, source: str, target: str, result: str) -> None:
    assert convert(value, source, target) == result


@pytest.mark.parametrize(("source", "target"), [("m", "kg"), ("m", "parsnip"), ("", "m")])
def test_units_of_another_kind_are_refused(source: str, target: str) -> None:
    with pytest.raises(ToolError):
        convert(1, source, target)
