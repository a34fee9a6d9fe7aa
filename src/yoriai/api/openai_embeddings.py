"""POST /v1/embeddings: OpenAI's shape; the vectors are in the order of the texts."""

from __future__ import annotations

import base64
import struct
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from yoriai.api.answering import CLIENT_LEFT, json_response
from yoriai.api.principal import CurrentContext
from yoriai.api.reading import StrictRoute
from yoriai.api.shapes import ERRORS, EmbeddingList
from yoriai.api.state import TheServices
from yoriai.api.streaming import until_disconnect
from yoriai.errors import UnsupportedError
from yoriai.types import EmbeddingRequest, Embeddings

router = APIRouter(route_class=StrictRoute, tags=["OpenAI"])


@router.post("/v1/embeddings", response_model=EmbeddingList, responses=ERRORS)
async def embeddings(
    body: EmbeddingRequest, request: Request, context: CurrentContext, services: TheServices
) -> Response:
    """Vectors of texts."""
    result = await until_disconnect(request.receive, lambda: services.registry.embed(body, context))
    return json_response(shape(body, result)) if result else Response(status_code=CLIENT_LEFT)


def shape(request: EmbeddingRequest, result: Embeddings) -> dict[str, Any]:
    """Raises: UnsupportedError: `dimensions` isn't what the model gives."""
    native = len(result.vectors[0])
    if request.dimensions not in {None, native}:
        raise UnsupportedError(
            "api.dimensions", param="dimensions", name=request.model, native=native, asked=request.dimensions
        )
    wire = in_base64 if request.encoding_format == "base64" else list[float]
    return {
        "object": "list",
        "data": [
            {"object": "embedding", "index": index, "embedding": wire(vector)}
            for index, vector in enumerate(result.vectors)
        ],
        "model": request.model,
        "usage": {"prompt_tokens": result.prompt_tokens, "total_tokens": result.prompt_tokens},
    }


def in_base64(vector: list[float]) -> str:
    """Little-endian 32-bit floats, as OpenAI's clients decode them."""
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
