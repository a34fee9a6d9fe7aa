"""Who looks at a page, in which language, with which colours: from the request's cookies.

The session is looked up again at every action: whoever was signed out or disabled meanwhile can do nothing more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from starlette.requests import Request

from yoriai.accounts.accounts import SESSION_COOKIE, Accounts
from yoriai.errors import AuthenticationError
from yoriai.i18n.catalogue import negotiate, text
from yoriai.types import Context, Language, User

LANGUAGE_COOKIE = "yoriai_language"
THEME_COOKIE = "yoriai_theme"
Theme = Literal["auto", "light", "dark"]
_THEMES: dict[str, Theme] = {"light": "light", "dark": "dark"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Visitor:
    """One page's visitor."""

    language: Language
    theme: Theme
    session: str  # the cookie's secret; empty: none
    accounts: Accounts

    async def user(self) -> User:
        """Raises: AuthenticationError: not signed in, or not any more."""
        if not self.session:
            raise AuthenticationError("access.not_signed_in")
        return await self.accounts.user_of_session(self.session)

    async def context(self) -> Context:
        """Raises: AuthenticationError."""
        return Context(user=await self.user(), language=self.language)

    def text(self, name: str, /, **values: object) -> str:
        """The page's text `name` in the visitor's language."""
        return text(f"web.{name}", self.language, **values)


def visitor_of(request: Request, accounts: Accounts) -> Visitor:
    chosen = request.cookies.get(LANGUAGE_COOKIE)
    negotiated = negotiate(request.headers.get("accept-language", ""))
    return Visitor(
        language="ja" if chosen == "ja" else "en" if chosen == "en" else negotiated,
        theme=_THEMES.get(request.cookies.get(THEME_COOKIE, ""), "auto"),
        session=request.cookies.get(SESSION_COOKIE, ""),
        accounts=accounts,
    )
