"""An external `llama-server`: the same command line and the same server, run by the bundled library."""

from __future__ import annotations

import argparse
import os
import threading

import xllamacpp

parser = argparse.ArgumentParser()
for option in ("--model", "--host", "--port", "--ctx-size", "--parallel", "--threads", "--cache-ram"):
    parser.add_argument(option, required=True)
parser.add_argument("--no-webui", action="store_true", required=True)
parser.add_argument("--jinja", action="store_true", required=True)
given = parser.parse_args()
parameters = xllamacpp.CommonParams()
parameters.model.path = given.model
parameters.port = int(given.port)
parameters.n_ctx = int(given.ctx_size)
parameters.n_parallel = int(given.parallel)
parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = int(given.threads)
parameters.cache_ram_mib = int(given.cache_ram)
parameters.api_keys = [os.environ["LLAMA_API_KEY"]]
server = xllamacpp.Server(parameters)
threading.Event().wait()
