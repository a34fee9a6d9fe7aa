"""The addresses of the pages on exams and one's own questions. Called by `app`."""

from __future__ import annotations

from nicegui import ui
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from yoriai.bootstrap import Services
from yoriai.errors import AuthenticationError, NotFoundError
from yoriai.web.exam_compare_page import ExamComparePage
from yoriai.web.exam_run_page import ExamRunPage
from yoriai.web.exams_page import ExamsPage
from yoriai.web.questions_page import QuestionsPage
from yoriai.web.visitor import visitor_of

_Page = ExamsPage | ExamRunPage | ExamComparePage | QuestionsPage


def add(services: Services) -> None:
    async def exams(request: Request) -> Response | None:
        return await _built(ExamsPage(services, visitor_of(request, services.accounts)))

    async def questions(request: Request) -> Response | None:
        return await _built(QuestionsPage(services, visitor_of(request, services.accounts)))

    async def run(request: Request, run_id: str) -> Response | None:
        return await _built(ExamRunPage(services, visitor_of(request, services.accounts), run_id))

    async def pair(request: Request, run_id: str, other_id: str) -> Response | None:
        visitor = visitor_of(request, services.accounts)
        return await _built(ExamComparePage(services, visitor, run_id, other_id))

    ui.page("/exams")(exams)
    ui.page("/exams/questions")(questions)
    ui.page("/exams/runs/{run_id}")(run)
    ui.page("/exams/runs/{run_id}/against/{other_id}")(pair)


async def _built(page: _Page) -> Response | None:
    try:
        await page.build()
    except AuthenticationError:
        return RedirectResponse("/login")
    except NotFoundError:
        return RedirectResponse("/exams")
    return None
