"""The document viewer: a page of a PDF or picture as an image with the passage marked, anything else as text.

Plain HTML. The file itself is never shown, only saved; what is shown of it was read or drawn in a jailed process.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from yoriai.bootstrap import Services
from yoriai.errors import AuthenticationError, NotFoundError, YoriaiError
from yoriai.i18n.catalogue import error_text
from yoriai.knowledge.collections import PageRow
from yoriai.records import Collection, KnownDocument
from yoriai.web import page_text, plain_page
from yoriai.web.cleaning import clean_text
from yoriai.web.places import api_href, collection_href, document_href, fingerprint
from yoriai.web.visitor import Visitor, visitor_of

_WIDTH_PX = 1400


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """Which place of a document the address names; what is no number counts as not named."""

    page: int
    start: int
    end: int
    seen: str  # fingerprint of what stood there; empty: unknown
    part: int

    @property
    def has_passage(self) -> bool:
        return 0 <= self.start < self.end


def routes(services: Services) -> list[Route]:
    """All of them behind `door`."""

    async def view(request: Request) -> Response:
        visitor = visitor_of(request, services.accounts)
        try:
            return await _view(services, visitor, request)
        except AuthenticationError:
            return RedirectResponse("/login")
        except YoriaiError as error:
            return _refusal(error, visitor)

    return [Route("/documents/{document_id}", view), plain_page.file("document_page.js")]


async def _view(services: Services, visitor: Visitor, request: Request) -> Response:
    """Raises: AuthenticationError, NotFoundError."""
    user, collections = await visitor.user(), services.knowledge.collections
    document = await collections.whereabouts(user, request.path_params["document_id"])
    collection = await collections.get(user, document.collection_id)
    wanted = _wanted(request)
    content = _unread(document, visitor)
    if document.pages:
        page = await collections.page(user, collection.id, document.id, min(wanted.page, document.pages))
        content = _Sheet(document, page, wanted, visitor).html()
    values = {
        "title": clean_text(document.name),
        "collection": clean_text(collection.name),
        "collection_href": collection_href(collection.id),
        "navigation": visitor.text("document_navigation"),
        "facts": _facts(document, visitor),
    }
    markup = {"content": content, "links": _links(document, collection, visitor)}
    return plain_page.render("document_page", visitor, values, markup=markup)


class _Sheet:
    """One page of a document as HTML."""

    def __init__(self, document: KnownDocument, page: PageRow, wanted: Wanted, visitor: Visitor) -> None:
        self._document, self._page, self._wanted, self._visitor = document, page, wanted, visitor
        self._is_drawn = document.media_type == "application/pdf" or document.media_type.startswith("image/")
        passes = wanted.has_passage and wanted.page == page.number and _is_there(page.text, wanted)
        self._range = (wanted.start, min(wanted.end, len(page.text))) if passes else (0, 0)

    def html(self) -> str:
        parts = [self._turning(), self._gone(), self._picture() if self._is_drawn else "", self._text()]
        return "\n".join(part for part in parts if part)

    def _turning(self) -> str:
        """The way to the other pages."""
        last = self._document.pages
        if last < 2:
            return ""
        number, label = self._page.number, self._page.label
        before = self._to(number - 1, "prev", "document_previous") if number > 1 else ""
        after = self._to(number + 1, "next", "document_next") if number < last else ""
        name = self._say("document_page_of", page=number, pages=last) + (f": {label}" if label else "")
        field = (
            f'<form method="get"><label>{escape(self._say("document_go"))} '
            f'<input type="number" name="page" min="1" max="{last}" value="{number}" /></label></form>'
        )
        pages = escape(self._say("document_pages"))
        turning = f"{before}<span>{_text(name)}</span>{after}{field}"
        return f'<nav class="y-turning" aria-label="{pages}">{turning}</nav>'

    def _to(self, page: int, relation: str, name: str) -> str:
        href = document_href(self._document.id, page)
        return f'<a rel="{relation}" href="{escape(href)}">{escape(self._say(name))}</a>'

    def _gone(self) -> str:
        """An address that names a place which isn't there: the document has changed since."""
        is_lost = self._wanted.has_passage and self._range == (0, 0)
        return (
            f'<p class="y-note" role="status">{escape(self._say("document_changed"))}</p>' if is_lost else ""
        )

    def _picture(self) -> str:
        number, (start, end) = self._page.number, self._range
        place = (self._document.collection_id, self._document.id)
        image = api_href(*place, f"pages/{number}/image?width={_WIDTH_PX}")
        boxes = api_href(*place, f"pages/{number}/boxes?start={start}&end={end}") if end else ""
        said = {"found": "document_marked", "lost": "document_not_marked", "broken": "document_no_picture"}
        words = "".join(f' data-{key}="{escape(self._say(name))}"' for key, name in said.items())
        locating = escape(self._say("document_marking")) if end else ""
        alt = _text(self._say("document_picture", page=number, name=self._document.name))
        return (
            f'<p id="said" class="y-note" role="status"{words}>{locating}</p>'
            f'<figure class="y-sheet" data-boxes="{escape(boxes)}"><img src="{escape(image)}" alt="{alt}" /></figure>'
        )

    def _text(self) -> str:
        page, (start, end) = self._page, self._range
        wanted = page_text.part_with(start) if end and self._wanted.part < 0 else self._wanted.part
        shown = page_text.part(page.text, wanted)
        if end and self._wanted.part < 0 and start < shown.start:  # the cut is at the end of a line
            shown = page_text.part(page.text, wanted - 1)
        inside = page_text.html(page.text, page.blocks, shown, start, end)
        inside = f'{self._parts(shown)}<div class="y-page-body">{inside or escape(self._say("document_no_text"))}</div>'
        if not self._is_drawn:
            return f'<article class="y-paper">{inside}</article>'
        summary = escape(self._say("document_text_scanned" if page.is_scanned else "document_text"))
        return f'<details class="y-page-text"><summary>{summary}</summary>{inside}</details>'

    def _parts(self, shown: page_text.Part) -> str:
        if shown.count < 2:
            return ""
        links, place, seen = "", (self._document.id, self._page.number, *self._range), self._wanted.seen
        for number, name in ((shown.number - 1, "document_earlier"), (shown.number + 1, "document_later")):
            if 0 <= number < shown.count:
                href = document_href(*place, seen=seen, part=number)
                links += f' <a href="{escape(href)}">{escape(self._say(name))}</a>'
        words = escape(self._say("document_part_of", part=shown.number + 1, parts=shown.count))
        return f'<p class="y-turning">{words}{links}</p>'

    def _say(self, name: str, /, **values: object) -> str:
        return self._visitor.text(name, **values)


def _wanted(request: Request) -> Wanted:
    def number(name: str, default: int) -> int:
        value = request.query_params.get(name, "")
        return int(value) if value.isascii() and value.isdecimal() and len(value) < 10 else default

    return Wanted(
        page=max(1, number("page", 1)), start=number("start", -1), end=number("end", -1),
        seen=request.query_params.get("seen", ""), part=number("part", -1),
    )  # fmt: skip


def _is_there(text: str, wanted: Wanted) -> bool:
    passage = text[wanted.start : wanted.end]
    return bool(passage) and wanted.seen in {"", fingerprint(passage)}


def _facts(document: KnownDocument, visitor: Visitor) -> str:
    parts = [document.title] if document.title and document.title != document.name else []
    if document.pages > 1:
        parts.append(visitor.text("document_count", pages=f"{document.pages:,}"))
    return clean_text(" · ".join(parts))


def _links(document: KnownDocument, collection: Collection, visitor: Visitor) -> str:
    if document.file_id is None:
        return ""
    href = escape(api_href(collection.id, document.id, "file"))
    return f'<p><a href="{href}" download>{escape(visitor.text("document_download"))}</a></p>'


def _unread(document: KnownDocument, visitor: Visitor) -> str:
    """Of a document that has no pages (yet)."""
    name = "document_queued" if document.status == "queued" else "document_unread"
    return f'<p class="y-note">{escape(visitor.text(name))}</p>'


def _refusal(error: YoriaiError, visitor: Visitor) -> Response:
    words = escape(error_text(error, visitor.language))
    values = {
        "title": visitor.text("document_missing"), "collection": visitor.text("collections"),
        "collection_href": "/collections", "navigation": visitor.text("document_navigation"), "facts": "",
    }  # fmt: skip
    markup = {"content": f'<p class="y-error" role="alert">{words}</p>', "links": ""}
    status = 404 if isinstance(error, NotFoundError) else 400
    return plain_page.render("document_page", visitor, values, markup=markup, status=status)


def _text(text: str) -> str:
    return escape(clean_text(text))
