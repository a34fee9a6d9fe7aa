"""What exams of code share: the program in a reply, and its tests in the sandbox.

Source of prompt beginning and stops: github.com/evalplus/evalplus, provider/utility.py (v0.3.1).
"""

from __future__ import annotations

from collections.abc import Mapping

from yoriai.errors import PrerequisiteError
from yoriai.evaluation.task import Bench, Output, Score
from yoriai.responders.programs import program_of

BEGIN = (
    "Below is a Python script with a self-contained function that solves the problem and passes corresponding tests:\n"
    "```python\n"
)
STOPS = ("\nif __name__", "\ndef main(", "\nprint(", "\n```\n")


def code_of(output: Output, name: str = "", prompt: str = "") -> str:
    """The program of a reply.

    Args:
        name: of the function that it has to define.
        prompt: what a reply that defines no such function goes on from.
    """
    begun = output.prompt[-1].text() if output.prompt and output.prompt[-1].role == "assistant" else ""
    is_begun = begun.endswith("```python\n") and not output.text.startswith(begun)
    return program_of(output.text, name, prompt, is_begun=is_begun)


async def graded(bench: Bench, code: str, tests: Mapping[str, str]) -> Score:
    """By measure, whether all of its tests pass; where the first fail, the others aren't run."""
    if bench.grade is None:
        raise PrerequisiteError("evaluation.no_sandbox")
    values, explanation, holds = {}, "", True
    for measure, source in tests.items():
        if holds:
            holds, explanation = await bench.grade(code, source)
        values[measure] = float(holds)
    return Score(values=values, answer=code, explanation=explanation)
