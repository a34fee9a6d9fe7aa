"""The arena: a question to two responders whose names are hidden, a vote, their names, the next one.

Carries out what the visitor does, through the Battles service; a battle is kept, so a reload goes on where it was.
"""

from __future__ import annotations

from nicegui import ui

from yoriai.arena import words
from yoriai.arena.battles import Battle
from yoriai.bootstrap import Services
from yoriai.errors import ConflictError
from yoriai.records import Comparison, VoteFilter, Winner
from yoriai.web import layout
from yoriai.web.columns import Columns
from yoriai.web.composer import Composer
from yoriai.web.earlier import Act, Earlier
from yoriai.web.handling import Handling
from yoriai.web.question_queue import QuestionQueue
from yoriai.web.visitor import Visitor
from yoriai.web.vote_bar import VoteBar

_WINNERS: dict[str, Winner] = {"model_a": "model_a", "model_b": "model_b", "tie": "tie", "bothbad": "bothbad"}


class ArenaPage:
    """One browser tab. `battle_id`: what its address names; empty: a new battle."""

    def __init__(self, services: Services, visitor: Visitor, battle_id: str) -> None:
        self._services, self._visitor = services, visitor
        self._battles = services.battles
        self._handling = Handling(visitor, ui.context.client)
        self._id = battle_id
        self._battle: Battle | None = None

    async def build(self) -> None:
        """Lay the page out and fill it. Raises: NotFoundError: no such battle of this visitor's."""
        user = await self._visitor.user()
        if self._id:
            self._battle = await self._battles.get(user, self._id)
        with layout.subpage(self._visitor, self._visitor.text("arena")).classes("y-full"):
            with ui.element("div").classes("y-beginning") as self._beginning:
                await self._build_beginning()
            self._columns = Columns(
                self._services, self._visitor, self._handling, on_end=self._ended, on_adopt=self._adopt
            )
            self._outcome = ui.element("section").classes("y-outcome").props("aria-live=polite")
        with ui.footer(bordered=False).classes("y-footer"):
            self._votes = VoteBar(self._visitor)
            self._give_up = ui.button(
                self._visitor.text("arena_skip"), icon="skip_next", on_click=self._handling.safely(self._skip)
            ).props("flat no-caps dense size=sm")
            self._composer = Composer(self._visitor)
        self._handling.on(self._composer, "send", self._send, "text")
        self._handling.on(self._composer, "stop", self._stop)
        self._handling.on(self._votes, "vote", self._vote, "winner")
        await self._show()

    async def _build_beginning(self) -> None:
        """How a battle goes, whom to draw from, and where questions come from."""
        names = await self._battles.contenders(await self._visitor.user())
        ui.label(self._visitor.text("arena_help")).classes("y-note")
        ui.button(self._visitor.text("board"), icon="leaderboard").props(
            "flat no-caps dense href=/arena/board"
        )
        if len(names) < 2:
            ui.label(self._visitor.text("compare_too_few")).classes("y-note")
        with ui.expansion(self._visitor.text("arena_who")).props("dense").classes("y-plan"):
            self._among = ui.select(
                names, multiple=True, with_input=True, new_value_mode="add-unique",
                label=self._visitor.text("arena_among"),
            )  # fmt: skip
            self._among.props(
                f'outlined use-chips options-dense hint="{self._visitor.text("arena_among_help")}"'
            )
            self._telling = ui.checkbox(self._visitor.text("arena_telling"))
        self._queue = QuestionQueue(self._services, self._visitor, self._handling, self._begin)
        await self._build_earlier()

    async def _build_earlier(self) -> None:
        """One's battles, with what was voted."""
        take_back = Act(
            icon="undo", label="arena_take_back", question="arena_take_back_question",
            work=self._take_back, fits=lambda each: each.winner is not None,
        )  # fmt: skip
        remove = Act(icon="delete", label="remove", question="arena_remove_question", work=self._remove)
        self._earlier = Earlier(
            self._visitor, self._handling, "arena_earlier", "/arena/battles", acts=[take_back, remove],
            told=self._told,
        )  # fmt: skip
        await self._show_earlier()

    async def _show_earlier(self) -> None:
        self._earlier.show(await self._services.comparisons.of(await self._visitor.user(), "blind"))

    def _told(self, battle: Comparison) -> str:
        """What was voted."""
        if battle.winner:
            return self._visitor.text(f"voted_{battle.winner}")
        return self._visitor.text("voted_nothing" if battle.revealed_at else "arena_unvoted")

    async def _show(self) -> None:
        """As the database has it."""
        battle = self._battle
        self._beginning.set_visibility(battle is None)
        self._composer.set_conversation(f"arena-{self._id or 'new'}")
        self._composer.set_visibility(battle is None or not battle.is_voted)
        self._outcome.clear()
        if battle is None:
            self._votes.set_open(False)
            self._give_up.set_visibility(False)
            return
        names = [
            each.conversation.model or letter
            for each, letter in zip(battle.compared.columns, "AB", strict=False)
        ]
        if battle.is_voted:
            names = [f"{letter}: {name}" for letter, name in zip("AB", names, strict=False)]
        await self._columns.show(battle.compared.columns, names=names, is_open=battle.is_voted)
        self._columns.place.set_visibility(True)
        self._votes.set_open(battle.can_vote)
        self._give_up.set_visibility(not battle.is_voted)
        self._composer.set_running(battle.compared.is_running)
        if battle.is_voted:
            await self._show_outcome(battle)

    async def _show_outcome(self, battle: Battle) -> None:
        """What was voted, and what the board makes of it."""
        comparison = battle.compared.comparison
        board = await self._services.arena.board(await self._visitor.user(), VoteFilter())
        shown = {column.conversation.model for column in battle.compared.columns}
        with self._outcome:
            ui.label(self._told(comparison)).classes("y-heading")
            if comparison.leak:
                ui.label(self._visitor.text("arena_leak")).classes("y-note")
            for row in board.rows:
                if row.model in shown:
                    ui.label(self._visitor.text(
                        "arena_standing", model=row.model, low=row.rank_low, high=row.rank_high, of=len(board.rows),
                        rating=f"{row.rating:.0f}", reach=f"{(row.high - row.low) / 2:.0f}", votes=row.votes,
                    ))  # fmt: skip
            for sentence in words.summary(board, self._visitor.language):
                ui.label(sentence).classes("y-note")
            with ui.element("div").classes("y-row"):
                ui.button(
                    self._visitor.text("arena_next"),
                    icon="navigate_next",
                    on_click=self._handling.safely(self._next),
                ).props("unelevated no-caps color=primary autofocus")
                ui.button(self._visitor.text("board"), icon="leaderboard").props(
                    "flat no-caps href=/arena/board"
                )
                ui.label(self._queue.position).classes("y-note")

    # ---- what the visitor does -----------------------------------------------------------------------------
    async def _send(self, text: str) -> None:
        try:
            if self._battle is None:
                await self._begin(text)
            else:
                await self._battles.ask(await self._visitor.context(), self._id, text)
        except Exception:
            self._composer.refused()
            raise
        self._composer.accepted()
        await self._reload()
        self._columns.scroll_to_newest()

    async def _begin(self, text: str) -> None:
        context = await self._visitor.context()
        among = list(self._among.value or [])
        self._battle = await self._battles.begin(
            context, text, among=among, telling=bool(self._telling.value)
        )
        self._id = self._battle.compared.comparison.id
        with self._columns.place:
            ui.navigate.history.push(f"/arena/battles/{self._id}")
        await self._show()

    async def _vote(self, winner: str) -> None:
        try:
            voted = await self._battles.vote(
                await self._visitor.user(), self._id, _WINNERS.get(winner, "tie")
            )
        except ConflictError:
            self._votes.refused()
            await self._reload()  # another tab may have voted
            raise
        except Exception:
            self._votes.refused()
            raise
        self._battle = voted
        await self._show()

    async def _next(self) -> None:
        """The next question of the set, or a new one."""
        if question := self._queue.take():
            await self._begin(question)
            return
        self._handling.go("/arena")

    async def _skip(self) -> None:
        """What is given up leaves nothing behind."""
        await self._battles.remove(await self._visitor.user(), self._id)
        await self._next()

    async def _take_back(self, battle_id: str) -> None:
        await self._battles.take_back(await self._visitor.user(), battle_id)
        await self._show_earlier()

    async def _remove(self, battle_id: str) -> None:
        await self._battles.remove(await self._visitor.user(), battle_id)
        await self._show_earlier()

    async def _stop(self) -> None:
        await self._battles.stop(await self._visitor.user(), self._id)

    async def _adopt(self, conversation_id: str) -> None:
        user = await self._visitor.user()
        adopted = await self._services.comparisons.adopt(user, self._id, conversation_id)
        self._handling.go(f"/c/{adopted.id}")

    async def _ended(self) -> None:
        if not self._columns.is_running:
            await self._reload()

    async def _reload(self) -> None:
        self._battle = await self._battles.get(await self._visitor.user(), self._id)
        await self._show()
