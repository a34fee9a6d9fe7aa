"""/api/tokens: your own API tokens. The secret is shown once, when a token is made."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.responses import Response

from yoriai.api.principal import CurrentUser
from yoriai.api.reading import Body, StrictRoute
from yoriai.api.session import Name
from yoriai.api.shapes import ERRORS
from yoriai.api.state import TheServices
from yoriai.types import ApiToken

router = APIRouter(route_class=StrictRoute, tags=["Tokens"], responses=ERRORS)


class NewToken(Body):
    name: Name


class TokenMade(BaseModel):
    token: str
    details: ApiToken


class TokenList(BaseModel):
    tokens: list[ApiToken]


@router.get("/api/tokens")
async def list_tokens(user: CurrentUser, services: TheServices) -> TokenList:
    """Your tokens, without their secrets."""
    return TokenList(tokens=await services.accounts.tokens(user))


@router.post("/api/tokens", status_code=201)
async def create_token(body: NewToken, user: CurrentUser, services: TheServices) -> TokenMade:
    """Make a token; `token` is never shown again."""
    details, secret = await services.accounts.create_token(user, body.name)
    return TokenMade(token=secret, details=details)


@router.delete("/api/tokens/{token_id}", status_code=204, response_class=Response)
async def revoke_token(token_id: str, user: CurrentUser, services: TheServices) -> None:
    """Revoke a token: it stops working at once."""
    await services.accounts.revoke_token(user, token_id)
