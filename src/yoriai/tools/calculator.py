"""The calculator: exact fractions as long as it can, floating point for functions. Nothing but numbers is evaluated.

The expression is parsed by Python and walked node by node against a list of what is allowed; sizes are bounded, so
that no expression takes long or much memory.
"""

from __future__ import annotations

import ast
import math
import operator
import re
import unicodedata
from collections.abc import Callable
from decimal import Context as DecimalContext
from fractions import Fraction
from typing import Any

from yoriai.tools.tool import Result, Tool, ToolError, parameters, text_of
from yoriai.types import Context

_LONGEST = 500  # characters
_DEEPEST = 60
_MOST_BITS = 4096  # of a numerator or denominator
_DIGITS = 15  # of a number that has no end
_SIGNS = str.maketrans({"×": "*", "✕": "*", "·": "*", "÷": "/", "−": "-", "–": "-", "^": "**"})
_ROOT_SIGN = re.compile(r"√\s*(\d+(?:\.\d+)?|(?=\())")
_THOUSANDS = re.compile(r"(?<![\d.,])\d{1,3}(?:,\d{3})+(?![\d,])")
_PERCENT = re.compile(r"(\d(?:[\d.]*\d)?)\s*%(?!\s*[\d(])")
_CONSTANTS = {"pi": math.pi, "e": math.e, "tau": math.tau}

Number = Fraction | float


def _factorial(value: Number) -> Fraction:
    if value != int(value) or not 0 <= value <= 400:
        raise ToolError("factorial takes a whole number from 0 to 400.")
    return Fraction(math.factorial(int(value)))


def _rounded(value: Number, digits: Number = Fraction(0)) -> Fraction:
    """Half away from zero, as people do."""
    scale = Fraction(10) ** int(max(-30, min(30, digits)))
    scaled = abs(Fraction(value)) * scale
    return (1 if value >= 0 else -1) * Fraction(math.floor(scaled + Fraction(1, 2))) / scale


def _root(value: Number) -> Number:
    if value < 0:
        raise ToolError("There is no real square root of a negative number.")
    exact = Fraction(value)
    top, bottom = math.isqrt(exact.numerator), math.isqrt(exact.denominator)
    if top * top == exact.numerator and bottom * bottom == exact.denominator:
        return Fraction(top, bottom)
    return math.sqrt(value)


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "sqrt": _root, "abs": abs, "round": _rounded, "floor": math.floor, "ceil": math.ceil, "factorial": _factorial,
    "min": min, "max": max, "sum": lambda *values: sum(values, Fraction(0)), "exp": math.exp, "ln": math.log,
    "log": lambda value, base=None: math.log10(value) if base is None else math.log(value, base), "log2": math.log2,
    "log10": math.log10, "sin": math.sin, "cos": math.cos, "tan": math.tan, "asin": math.asin, "acos": math.acos,
    "atan": math.atan, "radians": math.radians, "degrees": math.degrees,
    "mean": lambda *values: sum(values, Fraction(0)) / len(values),
    "gcd": lambda *values: math.gcd(*map(_whole, values)), "lcm": lambda *values: math.lcm(*map(_whole, values)),
}  # fmt: skip
_OPERATORS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod,
}  # fmt: skip


def calculate(expression: str) -> str:
    """The value as text: exact, or with 15 digits after "≈".

    Raises: ToolError: it is no expression of numbers, or its value is none.
    """
    text = _THOUSANDS.sub(lambda match: match.group().replace(",", ""), _plain(expression))
    text = _ROOT_SIGN.sub(lambda match: f"sqrt({match[1]})" if match[1] else "sqrt", text)
    text = _PERCENT.sub(r"(\1/100)", text)
    try:
        tree = ast.parse(text.strip(), mode="eval")
        return shown(_value(tree.body, text.strip(), 0))
    except (SyntaxError, RecursionError, MemoryError) as error:
        raise ToolError(f"This is not an arithmetic expression: {expression[:80]}") from error
    except ZeroDivisionError as error:
        raise ToolError("Division by zero.") from error
    except (ValueError, TypeError, OverflowError) as error:
        raise ToolError(f"This can't be calculated: {error}") from error


def calculator() -> Tool:
    names = ", ".join(_FUNCTIONS)

    async def run(arguments: dict[str, Any], _: Context) -> Result:
        expression = text_of(arguments, "expression", _LONGEST)
        return Result(text=f"{expression.strip()} = {calculate(expression)}")

    return Tool(
        name="calculator",
        description=f"Calculates an arithmetic expression exactly. Operators + - * / // % **, {names}, pi, e.",
        parameters=parameters(
            ("expression",),
            expression={
                "type": "string", "maxLength": _LONGEST, "description": "for example (12.5 + 3) * 4 / 7 or sqrt(2)",
            },
        ),
        run=run,
    )  # fmt: skip


def _plain(expression: str) -> str:
    return unicodedata.normalize("NFKC", expression).translate(_SIGNS)


def _value(node: ast.expr, source: str, depth: int) -> Number:
    if depth > _DEEPEST:
        raise ToolError("The expression is nested too deeply.")
    if isinstance(node, ast.Constant):
        return _literal(node, source)
    if isinstance(node, ast.Name) and node.id in _CONSTANTS:
        return _CONSTANTS[node.id]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.UAdd | ast.USub):
        value = _value(node.operand, source, depth + 1)
        return -value if isinstance(node.op, ast.USub) else value
    if isinstance(node, ast.BinOp):
        return _combined(node, source, depth)
    if isinstance(node, ast.Call):
        return _called(node, source, depth)
    raise ToolError("Only numbers, operators and the functions that are named may be used.")


def _literal(node: ast.Constant, source: str) -> Number:
    if isinstance(node.value, bool) or not isinstance(node.value, int | float):
        raise ToolError("Only numbers can be calculated with.")
    if isinstance(node.value, int):
        return _bounded(Fraction(node.value))
    written = ast.get_source_segment(source, node) or repr(node.value)
    if len(written) > 60 or abs(node.value) > 1e300:
        return node.value
    return _bounded(Fraction(written.replace("_", "")))


def _combined(node: ast.BinOp, source: str, depth: int) -> Number:
    left, right = _value(node.left, source, depth + 1), _value(node.right, source, depth + 1)
    if isinstance(node.op, ast.Pow):
        return _power(left, right)
    operation = _OPERATORS.get(type(node.op))
    if operation is None:
        raise ToolError("Only + - * / // % and ** are known.")
    result = operation(left, right)
    return _bounded(Fraction(result)) if isinstance(result, int | Fraction) else result


def _power(base: Number, exponent: Number) -> Number:
    if isinstance(base, Fraction) and isinstance(exponent, Fraction) and exponent.denominator == 1:
        size = max(base.numerator.bit_length(), base.denominator.bit_length())
        if size * abs(exponent.numerator) > 2 * _MOST_BITS:
            raise ToolError("The number is too large.")
        return _bounded(base**exponent.numerator)
    result: Any = float(base) ** float(exponent)
    if isinstance(result, complex):
        raise ToolError("The result is not a real number.")
    return float(result)


def _called(node: ast.Call, source: str, depth: int) -> Number:
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    function = _FUNCTIONS.get(name)
    if function is None or node.keywords or any(isinstance(each, ast.Starred) for each in node.args):
        raise ToolError(f"There is no function {name[:40]}. There are: {', '.join(_FUNCTIONS)}.")
    result = function(*(_value(each, source, depth + 1) for each in node.args))
    return _bounded(Fraction(result)) if isinstance(result, int | Fraction) else float(result)


def _whole(value: Number) -> int:
    if value != int(value):
        raise ToolError("Whole numbers are needed here.")
    return int(value)


def _bounded(value: Fraction) -> Fraction:
    if max(value.numerator.bit_length(), value.denominator.bit_length()) > _MOST_BITS:
        raise ToolError("The number is too large.")
    return value


def shown(value: Number) -> str:
    """Exact where the number ends within 30 digits, else 15 digits after "≈". Raises: ToolError: it is not finite."""
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ToolError("The result is not a finite number.")
        return f"≈ {value:.{_DIGITS}g}" if value != int(value) or abs(value) > 1e15 else str(int(value))
    if value.denominator == 1:
        return str(value.numerator)
    rest, digits = value.denominator, 0
    while rest % 10 == 0 or rest % 2 == 0 or rest % 5 == 0:
        rest, digits = rest // (10 if rest % 10 == 0 else 2 if rest % 2 == 0 else 5), digits + 1
    if rest == 1 and digits <= 30:
        exact = DecimalContext(prec=1300).divide(value.numerator, value.denominator)
        return format(exact, "f")
    about = DecimalContext(prec=_DIGITS).divide(value.numerator, value.denominator)
    return f"≈ {about.normalize():f}" if -20 < about.adjusted() < 20 else f"≈ {about.normalize()}"
