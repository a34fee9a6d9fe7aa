"""The tools that are always there. `bootstrap` puts them into the toolbox."""

from __future__ import annotations

from yoriai.knowledge.knowledge import Knowledge
from yoriai.sandbox.kernels import Kernels
from yoriai.tools.calculator import calculator
from yoriai.tools.clock import clock
from yoriai.tools.code import code_interpreter
from yoriai.tools.documents import read_document, search_documents
from yoriai.tools.files import ToolFiles
from yoriai.tools.tool import Tool
from yoriai.tools.units import unit_converter


def built_in(knowledge: Knowledge, kernels: Kernels, files: ToolFiles) -> list[Tool]:
    return [
        calculator(), clock(), unit_converter(), search_documents(knowledge), read_document(knowledge),
        code_interpreter(kernels, files),
    ]  # fmt: skip
