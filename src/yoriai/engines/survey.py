"""Entry point of a short-lived process that asks llama.cpp what it knows: which devices it sees, how much of a model
it would put on them. `python -I …/engines/survey.py`, one JSON line on stdin, one on stdout.

A driver that crashes takes this process with it, and nothing else. Knows nothing of Yoriai's data; `engines.devices`
starts it.
"""

from __future__ import annotations

import json
import sys
from typing import Any


def main() -> None:
    question = json.loads(sys.stdin.readline())
    answer = _estimate(question) if question.get("path") else {"devices": graphics_cards()}
    sys.stdout.write(json.dumps(answer) + "\n")


def graphics_cards() -> list[dict[str, Any]]:
    """What the engine would put layers on."""
    import xllamacpp

    listed = [
        {
            "name": str(device["name"]),
            "description": str(device["description"]),
            "memory_bytes": int(device["memory_total"]),
            "free_bytes": int(device["memory_free"]),
            "type": str(device["type"]).rpartition("DEVICE_TYPE_")[2].partition(":")[0].strip(">"),
        }
        for device in xllamacpp.get_device_info()
    ]
    return [device for device in preferred(listed) if device["memory_bytes"] > 0]


def preferred(devices: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Where there is a card of its own, the engine leaves the processor's graphics alone."""
    own = [device for device in devices if device["type"] == "GPU"]
    return own or [device for device in devices if device["type"] == "IGPU"]


def _estimate(question: dict[str, Any]) -> dict[str, Any]:
    import xllamacpp

    made = xllamacpp.estimate_gpu_layers(
        gpus=question["gpus"] or [{"name": "CPU", "memory_free": question["ram_free_bytes"]}],
        model_path=question["path"],
        projectors=[],
        context_length=question["context"],
        batch_size=question["batch"],
        num_parallel=question["users"],
        kv_cache_type=question["kv"],
    )
    return {"layers": made.layers, "gpu_bytes": made.vram_size, "total_bytes": made.total_size}


if __name__ == "__main__":
    main()
