"""Entry point of an engine's process: `python -I -m yoriai.engines.child`, one JSON line on stdin, one on stdout.

Knows one model file and one key, nothing of Yoriai's data. It ends when its
stdin closes, so it never outlives the parent. With `llama_server` in the specification it becomes that binary.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from pathlib import Path
from typing import Any

from yoriai.engines import survey
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
    cards = survey.graphics_cards()
    layers = gpu_layers(specification, cards)
    confinement = confine(_readable(specification), port=0)
    server = xllamacpp.Server(_parameters(xllamacpp, specification, layers, has_card=bool(cards)))
    sys.stdout.write(json.dumps({"url": server.listening_address, "confinement": confinement}) + "\n")
    sys.stdout.flush()
    threading.Event().wait()


def gpu_layers(specification: dict[str, Any], cards: list[dict[str, Any]]) -> int:
    """As the settings say, else as the memory plan does with what is free now."""
    if not cards or specification["gpu_layers"] >= 0:
        return int(specification["gpu_layers"])
    import psutil

    from yoriai.catalog.gguf import read_header
    from yoriai.catalog.shape import from_headers
    from yoriai.catalog.split import Load
    from yoriai.engines.devices import as_told
    from yoriai.engines.placement import n_gpu_layers

    headers = [read_header(Path(path)) for path in specification["paths"]]
    shape = from_headers(Path(specification["path"]).name, headers, kind=specification["kind"])
    load = Load(shape=shape, context=specification["context_size"], users=specification["parallel"])
    memory = psutil.virtual_memory()
    return n_gpu_layers(load, as_told(cards), memory.total, memory.available)


def _parameters(xllamacpp: Any, specification: dict[str, Any], layers: int, *, has_card: bool) -> Any:
    parameters = xllamacpp.CommonParams()
    parameters.model.path = specification["path"]
    parameters.port = 0
    parameters.api_keys = [specification["key"]]
    parameters.n_ctx = specification["context_size"] * specification["parallel"]
    parameters.n_parallel = specification["parallel"]
    parameters.n_gpu_layers = layers
    parameters.cpuparams.n_threads = specification["threads"]
    parameters.cpuparams_batch.n_threads = specification["threads"]
    parameters.cache_ram_mib = specification["prompt_cache_mib"]
    parameters.fit_params = False  # `gpu_layers` has decided already
    parameters.ui = False
    parameters.cors_origins = ""
    parameters.verbosity = 1
    if not has_card:
        # Between two batches the engine notices that a client has left, and lets others have their next token.
        parameters.n_batch = parameters.n_ubatch = specification["cpu_batch"]
    if specification["is_pooled"]:
        parameters.embedding = True
        # A text as a whole is computed in one batch: it must hold the longest text, and no more.
        parameters.n_batch = parameters.n_ubatch = specification["context_size"]
    if specification["kind"] == "reranker":
        parameters.pooling_type = xllamacpp.llama_pooling_type.LLAMA_POOLING_TYPE_RANK
    return parameters


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
    if specification["is_pooled"]:
        size = str(specification["context_size"])
        mode = "--reranking" if specification["kind"] == "reranker" else "--embeddings"
        arguments += [mode, "--batch-size", size, "--ubatch-size", size]
    confine([*_readable(specification), Path(binary).parent], port=port)
    # The key goes by environment: a command line can be read by every user of the machine.
    os.execve(binary, arguments, {**os.environ, "LLAMA_API_KEY": specification["key"]})  # noqa: S606


if __name__ == "__main__":
    main()
