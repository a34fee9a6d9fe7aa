"""Entry point of an engine's process: `python -I -m yoriai.engines.child`, one JSON line on stdin, one on stdout.

Owns the only import of xllamacpp. Knows one model file and one key, nothing of Yoriai's data. It ends when its
stdin closes, so it never outlives the parent. With `llama_server` in the specification it becomes that binary.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from pathlib import Path
from typing import Any

from yoriai.engines.confine import confine


def main() -> None:
    """Load the model, say where it listens, wait until the parent goes."""
    specification = json.loads(sys.stdin.readline())
    if specification["llama_server"]:
        _become_llama_server(specification)
    serve(specification)


def serve(specification: dict[str, Any]) -> None:
    """Run llama.cpp's server in this process. stdout: {"url": …, "confinement": …}."""
    import xllamacpp

    threading.Thread(target=_end_with_parent, daemon=True).start()
    confinement = confine(_readable(specification), port=0)
    server = xllamacpp.Server(_parameters(xllamacpp, specification))
    sys.stdout.write(json.dumps({"url": server.listening_address, "confinement": confinement}) + "\n")
    sys.stdout.flush()
    threading.Event().wait()


def _parameters(xllamacpp: Any, specification: dict[str, Any]) -> Any:
    parameters = xllamacpp.CommonParams()
    parameters.model.path = specification["path"]
    parameters.port = 0
    parameters.api_keys = [specification["key"]]
    parameters.n_ctx = specification["context_size"] * specification["parallel"]
    parameters.n_parallel = specification["parallel"]
    parameters.n_gpu_layers = specification["gpu_layers"]
    parameters.cpuparams.n_threads = specification["threads"]
    parameters.cpuparams_batch.n_threads = specification["threads"]
    parameters.cache_ram_mib = specification["prompt_cache_mib"]
    parameters.fit_params = False  # the memory plan has decided already
    parameters.ui = False
    parameters.cors_origins = ""
    parameters.verbosity = 1
    if not _has_graphics_card(xllamacpp):
        # Between two batches the engine notices that a client has left, and lets others have their next token.
        parameters.n_batch = parameters.n_ubatch = specification["cpu_batch"]
    if specification["embedding"]:
        parameters.embedding = True
        # An embedding is computed from one batch: it must hold the longest text, and no more.
        parameters.n_batch = parameters.n_ubatch = specification["context_size"]
    return parameters


def _has_graphics_card(xllamacpp: Any) -> bool:
    kinds = xllamacpp.ggml_backend_dev_type
    cards = {kinds.GGML_BACKEND_DEVICE_TYPE_GPU, kinds.GGML_BACKEND_DEVICE_TYPE_IGPU}
    return any(device["type"] in cards for device in xllamacpp.get_device_info())


def _readable(specification: dict[str, Any]) -> list[Path]:
    return [Path(sys.prefix), Path(sys.base_prefix), *(Path(path) for path in specification["paths"])]


def _end_with_parent() -> None:
    sys.stdin.read()
    os._exit(0)


def _become_llama_server(specification: dict[str, Any]) -> None:
    binary, port = specification["llama_server"], specification["port"]
    arguments = [
        binary, "--model", specification["path"], "--host", "127.0.0.1", "--port", str(port),
        "--ctx-size", str(specification["context_size"] * specification["parallel"]),
        "--parallel", str(specification["parallel"]), "--threads", str(specification["threads"]),
        "--cache-ram", str(specification["prompt_cache_mib"]), "--no-webui", "--jinja",
    ]  # fmt: skip
    if specification["gpu_layers"] >= 0:
        arguments += ["--n-gpu-layers", str(specification["gpu_layers"])]
    if specification["embedding"]:
        size = str(specification["context_size"])
        arguments += ["--embeddings", "--batch-size", size, "--ubatch-size", size]
    confine([*_readable(specification), Path(binary).parent], port=port)
    # The key goes by environment: a command line can be read by every user of the machine.
    os.execve(binary, arguments, {**os.environ, "LLAMA_API_KEY": specification["key"]})  # noqa: S606


if __name__ == "__main__":
    main()
