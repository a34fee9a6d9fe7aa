"""The API without services, and what it says of itself: made once for all tests of this folder. Not a test itself."""

from __future__ import annotations

from typing import Any

from yoriai.api.app import create_api

API = create_api(None)
OPENAPI: dict[str, Any] = API.openapi()
ROUTES = [(method.upper(), path) for path, operations in OPENAPI["paths"].items() for method in operations]
