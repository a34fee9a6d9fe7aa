"""Users, their sessions and API tokens. Owns every secret's making and checking; the database has only hashes.

Called by `api.principal` for each request, by the session routes, and by the commands `user` and `token`.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from yoriai.accounts.attempts import Attempts
from yoriai.accounts.passwords import Passwords, clean_name, name_key
from yoriai.errors import AuthenticationError, ConflictError, NotFoundError, UsageError
from yoriai.settings import AccountSettings
from yoriai.store import sessions, tokens, users
from yoriai.store.database import Connection, Database
from yoriai.types import ApiToken, Role, User

SESSION_COOKIE = "yoriai_session"  # where API and page find a session's secret
_TOKEN_PREFIX = "yor"  # noqa: S105 — a mark by which secret scanners can know our tokens
_TOUCH_EVERY = timedelta(minutes=1)  # "last used" is written at most so often


def _clock() -> datetime:
    return datetime.now(UTC)


class Accounts:
    """All accounts of this server."""

    def __init__(
        self, database: Database, settings: AccountSettings, now: Callable[[], datetime] = _clock
    ) -> None:
        self._database = database
        self._idle = timedelta(seconds=settings.session_idle_s)
        self._absolute = timedelta(seconds=settings.session_absolute_s)
        self._touch_every = min(_TOUCH_EVERY, self._idle / 10)
        self._now = now
        self._passwords = Passwords()
        self._attempts = Attempts(settings.sign_in_attempts)
        self._setup_hash: str | None = None

    # ---- the first administrator --------------------------------------------------------------------------
    async def setup_secret(self) -> str | None:
        """A new one-time secret that makes the first administrator; None when there is one already."""
        if await self._database.read(users.active_administrators):
            return None
        secret = secrets.token_urlsafe(24)
        self._setup_hash = _hash(secret)
        return secret

    async def set_up(self, secret: str, name: str, password: str) -> tuple[str, User]:
        """Make the first administrator and sign them in: (session secret, user).

        Raises:
            AuthenticationError: a wrong or used secret. UsageError: the name or password won't do.
        """
        if self._setup_hash is None or not hmac.compare_digest(_hash(secret), self._setup_hash):
            raise AuthenticationError("accounts.setup_secret_wrong")

        def no_administrator_yet(connection: Connection) -> None:
            if users.active_administrators(connection):
                raise AuthenticationError("accounts.setup_secret_wrong")

        user = await self._add(name, password, Role.ADMINISTRATOR, no_administrator_yet)
        self._setup_hash = None
        return await self._begin_session(user), user

    # ---- sessions ------------------------------------------------------------------------------------------
    async def sign_in(self, name: str, password: str, address: str) -> tuple[str, User]:
        """A new session: (secret, user).

        Raises:
            AuthenticationError: a wrong name or password, or a disabled account; which of them isn't said.
            RateLimitError: too many failures from this address.
        """
        key = name_key(name)
        self._attempts.begin(key, address)
        found = await self._database.read(lambda connection: users.by_name(connection, key))
        user, password_hash = found or (None, None)
        right = await self._passwords.check(password, password_hash)
        if not right or user is None or not user.active:
            raise AuthenticationError("accounts.sign_in_wrong")
        self._attempts.succeeded(key, address)
        return await self._begin_session(user), user

    async def user_of_session(self, secret: str) -> User:
        """Raises: AuthenticationError: unknown, expired or ended, or the account is disabled."""
        session_id, now = _hash(secret), self._now()

        def find(connection: Connection) -> tuple[User | None, bool]:
            session = sessions.find(connection, session_id)
            if session is None:
                return None, False
            user_id, begun, used = session
            if begun + self._absolute < now or used + self._idle < now:
                return None, False
            return users.by_id(connection, user_id), now - used > self._touch_every

        user, is_stale = await self._database.read(find)
        if user is None or not user.active:
            raise AuthenticationError("accounts.session_over")
        if is_stale:
            await self._database.write(lambda connection: sessions.touch(connection, session_id, now))
        return user

    async def sign_out(self, session_secret: str) -> None:
        await self._database.write(lambda connection: sessions.remove(connection, _hash(session_secret)))

    async def sign_out_everywhere(self, user: User) -> None:
        await self._database.write(lambda connection: sessions.remove_of(connection, user.id))

    # ---- users ---------------------------------------------------------------------------------------------
    async def users(self) -> list[User]:
        return await self._database.read(users.everyone)

    async def user_named(self, name: str) -> User:
        """Raises: NotFoundError."""
        found = await self._database.read(lambda connection: users.by_name(connection, name_key(name)))
        if found is None:
            raise NotFoundError("accounts.user_unknown", name=name)
        return found[0]

    async def create_user(self, name: str, password: str, role: Role) -> User:
        """Raises: ConflictError: the name is taken. UsageError: the name or password won't do."""
        return await self._add(name, password, role)

    async def set_role(self, user_id: str, role: Role) -> None:
        """Raises: ConflictError: it would leave no administrator."""
        await self._database.write(lambda connection: _change(connection, user_id, role=role.value))

    async def set_active(self, user_id: str, active: bool) -> None:
        """Disable or enable: a disabled account's sessions end, its tokens rest. Raises: as `set_role`."""

        def work(connection: Connection) -> None:
            _change(connection, user_id, active=active)
            if not active:
                sessions.remove_of(connection, user_id)

        await self._database.write(work)

    async def set_password(self, user_id: str, password: str) -> None:
        """Raises: UsageError: it's too short or too long."""
        password_hash = await self._passwords.hash(password)
        await self._database.write(
            lambda connection: users.change(connection, user_id, password_hash=password_hash)
        )

    # ---- API tokens ----------------------------------------------------------------------------------------
    async def create_token(self, user: User, name: str) -> tuple[ApiToken, str]:
        """A token and its secret, which is shown this once."""
        clean = " ".join(name.split())[:200]
        if not clean:
            raise UsageError("accounts.token_name_empty", param="name")
        secret = secrets.token_urlsafe(32)
        token = ApiToken(
            id=secrets.token_hex(8), user_id=user.id, name=clean, created_at=self._now(), last_used_at=None
        )

        def work(connection: Connection) -> None:
            if users.by_id(connection, user.id) is None:
                raise NotFoundError("accounts.user_unknown", name=user.name)
            tokens.add(connection, token, _hash(secret))

        await self._database.write(work)
        return token, f"{_TOKEN_PREFIX}_{token.id}_{secret}"

    async def tokens(self, user: User) -> list[ApiToken]:
        return await self._database.read(lambda connection: tokens.of_user(connection, user.id))

    async def revoke_token(self, user: User, token_id: str) -> None:
        """Raises: NotFoundError: no such token, or another user's."""
        if not await self._database.write(lambda connection: tokens.remove(connection, user.id, token_id)):
            raise NotFoundError("accounts.token_unknown", id=token_id)

    async def user_of_token(self, secret: str) -> User:
        """Raises: AuthenticationError: wrong, revoked, or of a disabled account."""
        prefix, _, rest = secret.partition("_")
        token_id, _, own = rest.partition("_")

        def find(connection: Connection) -> tuple[User | None, ApiToken | None]:
            found = tokens.find(connection, token_id)
            if found is None or not hmac.compare_digest(_hash(own), found[1]):
                return None, None
            return users.by_id(connection, found[0].user_id), found[0]

        user, token = await self._database.read(find) if prefix == _TOKEN_PREFIX else (None, None)
        if user is None or token is None or not user.active:
            raise AuthenticationError("accounts.token_wrong")
        now = self._now()
        if token.last_used_at is None or now - token.last_used_at > _TOUCH_EVERY:
            await self._database.write(lambda connection: tokens.touch(connection, token.id, now))
        return user

    # ---- inside --------------------------------------------------------------------------------------------
    async def _add(
        self, name: str, password: str, role: Role, check: Callable[[Connection], None] | None = None
    ) -> User:
        clean = clean_name(name)
        password_hash = await self._passwords.hash(password)
        user = User(id=secrets.token_hex(8), name=clean, role=role, created_at=self._now())

        def work(connection: Connection) -> None:
            if check:
                check(connection)
            if users.by_name(connection, name_key(clean)):
                raise ConflictError("accounts.name_taken", param="name", name=clean)
            users.add(connection, user, name_key(clean), password_hash)

        await self._database.write(work)
        return user

    async def _begin_session(self, user: User) -> str:
        secret, now = secrets.token_urlsafe(32), self._now()

        def work(connection: Connection) -> None:
            sessions.remove_expired(connection, now - self._absolute, now - self._idle)
            sessions.add(connection, _hash(secret), user.id, now)

        await self._database.write(work)
        return secret


def _change(connection: Connection, user_id: str, **values: object) -> None:
    before = users.active_administrators(connection)
    users.change(connection, user_id, **values)
    if before and not users.active_administrators(connection):
        raise ConflictError("accounts.last_administrator")


def _hash(secret: str) -> str:
    """SHA-256 is enough for 256 random bits; argon2 is for what people make up."""
    return hashlib.sha256(secret.encode("utf8", "replace")).hexdigest()
