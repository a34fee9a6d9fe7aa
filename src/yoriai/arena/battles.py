"""The Battles service: two responders, names hidden, one question, and a vote that the arena counts.

A battle is a blind comparison; `chat` keeps and masks it. Names are told when the vote is kept, never before. All of it
is scoped by user. The page and the API call it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from yoriai.arena.arena import Arena, Cast
from yoriai.chat.comparisons import Asked, Column, Compared, Comparisons, forget_vote, is_open, reveal
from yoriai.errors import ConflictError, NotFoundError, UsageError
from yoriai.records import Turn, Winner
from yoriai.responders.registry import Registry
from yoriai.store import conversations
from yoriai.store.database import Database
from yoriai.types import Context, User

_EARLIER = 100  # questions of one's own to choose from
_COLLECTION = "collection:"
_ENGINES_BESIDE = frozenset({"assistant", "council"})  # drawn only when they are named


@dataclass(frozen=True, kw_only=True, slots=True)
class Battle:
    """Its comparison says who answered, what was voted, and whether an answer told its name: once the vote is cast."""

    compared: Compared

    @property
    def is_voted(self) -> bool:
        return is_open(self.compared.comparison)

    @property
    def can_vote(self) -> bool:
        """Both have answered, and nobody has voted yet."""
        columns = self.compared.columns
        is_whole = len(columns) == 2 and all(_answered(column) for column in columns)
        return is_whole and not self.is_voted and not self.compared.is_running


class Battles:
    """All battles of this server."""

    def __init__(
        self, database: Database, registry: Registry, comparisons: Comparisons, arena: Arena
    ) -> None:
        self._database, self._registry = database, registry
        self._comparisons, self._arena = comparisons, arena

    async def contenders(self, user: User) -> list[str]:
        """Who is drawn from where nobody is named: every model that can chat."""
        infos = await self._registry.list(user)
        return [each.name for each in infos if each.kind == "chat" and each.engine not in _ENGINES_BESIDE]

    async def earlier(self, user: User) -> list[str]:
        """The first questions of the user's conversations, newest first: to be asked again, blind."""
        return await self._database.read(
            lambda connection: conversations.first_questions(connection, user.id, _EARLIER)
        )

    async def begin(
        self, context: Context, question: str, *, among: Sequence[str] = (), telling: bool = False
    ) -> Battle:
        """Draw two, deal the sides at random, and ask them.

        Args:
            among: who may be drawn; empty: every model.
            telling: the two whose vote would tell most, in place of any two.

        Raises:
            UsageError: there are fewer than two, or the question is empty. NotFoundError: no such responder.
        """
        names = among or await self.contenders(context.user)
        if not question.strip():
            raise UsageError("chat.empty_question", param="text")
        lasting = [await self._registry.lasting_name(name, context.user) for name in names]
        pair = await self._arena.pair(context.user, lasting, active=telling)
        made = await self._comparisons.create(context.user, pair, kind="blind")
        await self._comparisons.ask(context, made.comparison.id, question)
        return await self.get(context.user, made.comparison.id)

    async def get(self, user: User, battle_id: str) -> Battle:
        """Raises: NotFoundError: no such battle of this user's."""
        compared = await self._comparisons.get(user, battle_id)
        if compared.comparison.kind != "blind":
            raise NotFoundError("access.not_found")
        return Battle(compared=compared)

    async def ask(self, context: Context, battle_id: str, text: str) -> list[Asked]:
        """A further question to both. Raises: as `Comparisons.ask`; ConflictError: it was voted on already."""
        await self._unvoted(context.user, battle_id)
        return await self._comparisons.ask(context, battle_id, text)

    async def vote(self, user: User, battle_id: str, winner: Winner) -> Battle:
        """Keep the vote and tell the names, in one transaction.

        Raises:
            NotFoundError. ConflictError: it was voted on already, an answer is still being written, or one is missing:
            what nobody could read is not to be judged.
        """
        battle = await self._unvoted(user, battle_id)
        if battle.compared.is_running:
            raise ConflictError("chat.compare_running")
        if not battle.can_vote:
            raise ConflictError("arena.answer_missing")
        first, second = battle.compared.columns
        name_a, name_b = await self._comparisons.names(user, battle_id)
        cast = Cast(
            model_a=name_a, model_b=name_b, winner=winner, conversation_a=_turns(first), conversation_b=_turns(second),
            id=battle_id, from_documents=_COLLECTION in name_a or _COLLECTION in name_b,
        )  # fmt: skip
        await self._arena.record(
            user, cast, lambda connection, vote: reveal(connection, user, battle_id, winner=winner, leak=vote.leak)
        )  # fmt: skip
        return await self.get(user, battle_id)

    async def take_back(self, user: User, battle_id: str) -> Battle:
        """The vote counts no more. Who answered is known now, so there is no other vote on this battle.

        Raises: NotFoundError: no such battle, or no vote on it.
        """
        await self.get(user, battle_id)
        await self._arena.forget(user, battle_id, lambda connection: forget_vote(connection, user, battle_id))
        return await self.get(user, battle_id)

    async def stop(self, user: User, battle_id: str) -> None:
        """Stop both answers. Raises: NotFoundError."""
        await self._comparisons.stop(user, battle_id)

    async def remove(self, user: User, battle_id: str) -> None:
        """Give it up, or forget it: a vote that was cast stays. Raises: NotFoundError."""
        await self.get(user, battle_id)
        await self._comparisons.remove(user, battle_id)

    async def _unvoted(self, user: User, battle_id: str) -> Battle:
        battle = await self.get(user, battle_id)
        if battle.is_voted:
            raise ConflictError("arena.voted_already")
        return battle


def _answered(column: Column) -> bool:
    """At least once: a further question that was stopped takes no vote away."""
    return any(each.role == "assistant" and each.content.strip() for each in column.messages)


def _turns(column: Column) -> tuple[Turn, ...]:
    return tuple(Turn(role=each.role, content=each.content) for each in column.messages)
