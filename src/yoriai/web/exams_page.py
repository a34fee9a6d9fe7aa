"""The page of exams: begin one, watch it, the board of models × exams, and every run there was.

Carries out what the visitor does, through the Exams service; while something runs, the page looks every second.
"""

from __future__ import annotations

from nicegui import ui

from yoriai.bootstrap import Services
from yoriai.evaluation.exams import Shown
from yoriai.models import POOLED
from yoriai.records import RunOptions
from yoriai.web import exam_board, exam_words, layout
from yoriai.web.cleaning import clean_text
from yoriai.web.handling import Handling
from yoriai.web.visitor import Visitor

_LOOK_S = 1.5
_MOST_RUNS = 100
_AXES = ("size", "speed", "openness")


class ExamsPage:
    """One browser tab."""

    def __init__(self, services: Services, visitor: Visitor) -> None:
        self._services, self._visitor = services, visitor
        self._exams = services.exams
        self._handling = Handling(visitor, ui.context.client)
        self._seen: tuple[object, ...] = ()

    async def build(self) -> None:
        user = await self._visitor.user()
        with layout.subpage(self._visitor, self._say("title")).classes("y-full"):
            ui.label(self._say("help")).classes("y-note")
            with ui.element("div").classes("y-row"):
                ui.button(self._say("own"), icon="quiz").props("flat no-caps dense href=/exams/questions")
            await self._form()
            self._running = ui.element("section").props("aria-live=polite")
            self._board = ui.element("section")
            self._history = ui.element("section")
        await self._refresh(await self._exams.runs(user))
        ui.timer(_LOOK_S, self._handling.safely(self._look))

    # ---- begin one ---------------------------------------------------------------------------------------------
    async def _form(self) -> None:
        user = await self._visitor.user()
        offered = sorted(await self._exams.offered(user), key=lambda each: not each.has_data)
        self._tasks = {each.task.name: each.task for each in offered}
        labels = {
            each.task.name: clean_text(each.task.name) + ("" if each.has_data else f" — {self._say('no_data')}")
            for each in offered
        }  # fmt: skip
        names = [each.name for each in await self._services.registry.list(user) if each.kind not in POOLED]
        default = await self._services.registry.default_name(user)
        with ui.element("div").classes("y-fields"):
            self._task = self._select("exam", labels, next(iter(labels), None), self._described)
            self._model = self._select("responder", names, default)
            self._limit = ui.number(self._say("limit"), value=50, min=0, precision=0).props("outlined dense")
            self._epochs = ui.number(self._say("epochs"), value=1, min=1, max=100, precision=0).props(
                "outlined dense"
            )
            self._judge = self._select("judge", ["", *names], "")
        self._about = ui.label("").classes("y-note")
        with ui.element("div").classes("y-row"):
            self._likelihood = ui.checkbox(self._say("likelihood")).props("dense")
            ui.button(
                self._say("begin"), icon="play_arrow", on_click=self._handling.safely(self._begin)
            ).props("unelevated no-caps color=primary")
        self._described()

    def _select(self, label: str, options: object, value: object, on_change: object = None) -> ui.select:
        select = ui.select(options, value=value, label=self._say(label), on_change=on_change)  # type: ignore[arg-type]
        return select.props("outlined dense options-dense")

    def _described(self) -> None:
        """What of the form makes sense for the exam that is chosen."""
        task = self._tasks.get(str(self._task.value))
        if task is None:
            return
        about = self._say("about", licence=task.licence, source=task.source) if task.source else ""
        self._about.set_text(about)
        self._judge.set_visibility("judge" in task.needs)
        self._likelihood.set_visibility(task.kind == "choice")

    async def _begin(self) -> None:
        epochs = int(self._epochs.value or 1)
        options = RunOptions(
            limit=int(self._limit.value or 0), epochs=epochs, temperature=0.8 if epochs > 1 else 0.0,
            method="likelihood" if self._likelihood.value and self._likelihood.visible else "",
            judge=str(self._judge.value or "") if self._judge.visible else "",
        )  # fmt: skip
        user = await self._visitor.user()
        await self._exams.start(user, str(self._task.value), str(self._model.value), options)
        await self._look()

    # ---- what is there -----------------------------------------------------------------------------------------
    async def _look(self) -> None:
        runs = await self._exams.runs(await self._visitor.user())
        self._show_running([each for each in runs if each.run.state in {"queued", "running"}])
        if self._key(runs) != self._seen:
            await self._refresh(runs)

    def _key(self, runs: list[Shown]) -> tuple[object, ...]:
        return tuple((each.run.id, each.run.state) for each in runs)

    async def _refresh(self, runs: list[Shown]) -> None:
        self._seen = self._key(runs)
        self._show_running([each for each in runs if each.run.state in {"queued", "running"}])
        await self._show_board()
        self._show_history(runs)

    def _show_running(self, runs: list[Shown]) -> None:
        self._running.clear()
        with self._running:
            for each in runs:
                with ui.element("div").classes("y-row"):
                    ui.link(f"{each.run.task} · {clean_text(each.run.model)}", f"/exams/runs/{each.run.id}")
                    share = each.done / each.run.total if each.run.total else 0
                    ui.linear_progress(share, show_value=False).props(
                        f'aria-label="{each.run.task}"'
                    ).classes("y-exam-progress")
                    ui.label(f"{exam_words.progress(each, self._visitor)} · {exam_words.score(each)}")
                    ui.button(
                        self._visitor.text("cancel"),
                        on_click=self._handling.safely(lambda run_id=each.run.id: self._cancel(run_id)),
                    ).props("flat no-caps dense")

    async def _show_board(self) -> None:
        board = await self._exams.board(await self._visitor.user())
        self._board.clear()
        with self._board:
            if not board:
                ui.label(self._say("nothing")).classes("y-nothing")
                return
            self._heading("board")
            exam_board.table(board, self._visitor)
            ui.label(self._say("board_help")).classes("y-note")
            models = {each.shown.run.model for found in board.values() for each in found}
            facts = await self._services.facts.of(sorted(models))
            self._heading("pictures")

            def draw() -> None:
                place.clear()
                name, known = str(task.value), self._tasks.get(str(task.value))
                with place:
                    with ui.element("div"):
                        exam_board.bars(name, board[name], known.human if known else None, self._visitor)
                    with ui.element("div"):
                        exam_board.scatter(name, board[name], facts, str(axis.value), self._visitor)

            with ui.element("div").classes("y-fields"):
                task = self._select("exam", list(board), next(iter(board)), draw)
                axis = self._select(
                    "against", {each: self._say(f"axis_{each}") for each in _AXES}, "size", draw
                )
            place = ui.element("div").classes("y-exam-pictures")
            draw()

    def _show_history(self, runs: list[Shown]) -> None:
        self._history.clear()
        with self._history:
            if not runs:
                return
            self._heading("history")
            self._compare_form(runs)
            table = ui.element("table").classes("y-exam-board y-exam-runs")
            table.move(ui.element("div").classes("y-exam-table"))
            with table, ui.element("tbody"):
                for each in runs[:_MOST_RUNS]:
                    self._history_row(each)

    def _history_row(self, each: Shown) -> None:
        run = each.run
        cells = (
            clean_text(run.model), exam_words.score(each), f"{each.done} / {run.total}",
            self._say(f"state_{run.state}"), run.created_at.astimezone().strftime("%Y-%m-%d %H:%M"),
        )  # fmt: skip
        with ui.element("tr"):
            with ui.element("td"):
                ui.link(run.task, f"/exams/runs/{run.id}")
            for cell in cells:
                with ui.element("td"):
                    ui.label(cell)

    def _compare_form(self, runs: list[Shown]) -> None:
        """Two runs of one exam side by side: the second list holds those of the first one's exam."""
        labels = {
            each.run.id: f"{each.run.task} · {clean_text(each.run.model)} · {exam_words.score(each)} · "
            f"{each.run.created_at.astimezone():%m-%d %H:%M}"
            for each in runs if each.result.figures
        }  # fmt: skip
        tasks = {each.run.id: each.run.task for each in runs}
        if len(labels) < 2:
            return

        def others() -> None:
            same = {
                run: label for run, label in labels.items()
                if tasks[run] == tasks[str(first.value)] and run != first.value
            }  # fmt: skip
            second.set_options(same, value=next(iter(same), None))

        def go() -> None:
            if first.value and second.value:
                ui.navigate.to(f"/exams/runs/{first.value}/against/{second.value}")

        with ui.element("div").classes("y-fields"):
            first = self._select("first_run", labels, next(iter(labels)), others)
            second = self._select("second_run", {}, None)
            ui.button(self._say("compare"), icon="compare_arrows", on_click=go).props("flat no-caps")
        others()

    async def _cancel(self, run_id: str) -> None:
        await self._exams.cancel(await self._visitor.user(), run_id)
        await self._look()

    def _heading(self, name: str) -> None:
        ui.label(self._say(name)).classes("y-heading").props("role=heading aria-level=2")

    def _say(self, key: str, /, **values: object) -> str:
        return self._visitor.text(f"exams_{key}", **values)
