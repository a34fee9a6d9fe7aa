"""Entry point of a child that enters the jail and does nothing there: `confinement` hears what held."""

from __future__ import annotations

from typing import Any, BinaryIO

from yoriai.sandbox.jail import run


def main(specification: dict[str, Any], file: BinaryIO) -> dict[str, Any]:
    del specification, file
    return {}


if __name__ == "__main__":
    run(main)
