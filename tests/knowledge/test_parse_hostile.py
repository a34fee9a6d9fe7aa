"""Files made to harm: each ends in an error that says why, and the next file is read."""

from __future__ import annotations

import asyncio
import time
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from PIL import Image

from knowledge.making import assembled, docx, epub, p, pdf, written, xlsx, zipped
from knowledge.parsing_of import real
from yoriai.errors import DocumentError
from yoriai.i18n.catalogue import error_text
from yoriai.knowledge.parsing.parse import ParseLimits, parse

pytestmark = pytest.mark.anyio
Children = Callable[[], list[psutil.Process]]
SECRET = "root:x:0"
XXE = '<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
LAUGHS = "<!DOCTYPE d [<!ENTITY a0 'ha'>" + "".join(
    f"<!ENTITY a{i} '{f'&a{i - 1};' * 10}'>" for i in range(1, 10)
) + "]>"  # fmt: skip


async def refused(path: Path, limits: ParseLimits | None = None, **options: str) -> str:
    """The key of the error, which has a text in both languages."""
    with pytest.raises(DocumentError) as caught:
        await parse(path, limits=limits, **options)  # type: ignore[arg-type]
    assert error_text(caught.value, "en") != error_text(caught.value, "ja")
    return caught.value.key


@pytest.mark.parametrize("size", [60_000_000, 194_000_000])
async def test_a_bomb_is_not_unpacked(tmp_path: Path, size: int) -> None:
    path = docx(tmp_path / "a.docx", p("x" * size))
    assert path.stat().st_size < 700_000
    start = time.monotonic()
    assert await refused(path) == "knowledge.file_bomb"
    assert time.monotonic() - start < 2


async def test_a_bomb_that_shrinks_like_a_document_ends_at_the_limit_of_memory(tmp_path: Path) -> None:
    body = "".join(f"<w:p><w:r><w:t>{i * 7919}</w:t></w:r></w:p>" for i in range(400_000))
    limits = replace(ParseLimits(), memory_bytes=150 * 2**20)
    assert await refused(docx(tmp_path / "a.docx", body), limits) == "knowledge.file_memory"


async def test_many_entries_are_not_read(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.docx", {f"{i}": b"" for i in range(20_001)})
    assert await refused(path) == "knowledge.file_bomb"


@pytest.mark.parametrize("prologue", [XXE, LAUGHS], ids=["XXE", "laughs"])
async def test_entities_are_refused_in_office_files(tmp_path: Path, prologue: str) -> None:
    path = docx(tmp_path / "a.docx", p("&x;" if prologue == XXE else "&a9;"), prologue=prologue)
    assert await refused(path) == "knowledge.file_hostile_xml"


@pytest.mark.parametrize("prologue", [XXE, LAUGHS], ids=["XXE", "laughs"])
async def test_entities_are_refused_in_the_stream_of_a_sheet(tmp_path: Path, prologue: str) -> None:
    path = xlsx(tmp_path / "a.xlsx", {"s": '<row r="1"><c r="A1" t="str"><v>1</v></c></row>'})
    with zipfile.ZipFile(path) as archive:
        parts: dict[str, str | bytes] = {name: archive.read(name) for name in archive.namelist()}
    sheet = str(parts["xl/worksheets/sheet1.xml"], "utf8")  # type: ignore[arg-type]
    parts["xl/worksheets/sheet1.xml"] = prologue + sheet.replace(
        "<v>1", f"<v>{'&x;' if prologue == XXE else '&a9;'}"
    )
    assert await refused(zipped(path, parts)) in {"knowledge.file_hostile_xml", "knowledge.file_broken"}


async def test_a_books_entities_read_nothing(tmp_path: Path) -> None:
    chapters = [
        f"{XXE}<html><body><p>before &x; after</p></body></html>",
        f"{LAUGHS}<html><body>&a9;</body></html>",
    ]
    document = await parse(epub(tmp_path / "a.epub", chapters))
    text = "".join(page.text for page in document.pages)
    assert SECRET not in text
    assert "before" in text
    assert len(text) < 1000


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "word/..\\..\\x", "C:\\x", "a/../../x"])
async def test_names_that_lead_out_are_refused(tmp_path: Path, name: str) -> None:
    path = docx(tmp_path / "a.docx", p("text"))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(zipfile.ZipInfo(name), "x")
    assert await refused(path) == "knowledge.file_unsafe_names"


async def test_files_under_a_password_say_so(tmp_path: Path) -> None:
    office = tmp_path / "a.docx"
    office.write_bytes(
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000) + "EncryptedPackage".encode("utf-16-le")
    )
    assert await refused(office) == "knowledge.file_encrypted"
    old = tmp_path / "a.doc"
    old.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000) + "WordDocument".encode("utf-16-le"))
    assert await refused(old) == "knowledge.file_old_office"
    protected = tmp_path / "a.pdf"
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[]/Count 0>>",
        b"<</Filter/Standard/V 2/R 3/Length 128/P -44/O<%s>/U<%s>>>" % (b"ab" * 32, b"cd" * 32),
    ]
    content = assembled(objects).replace(b"/Root 1 0 R", b"/Root 1 0 R/Encrypt 3 0 R/ID[<00><00>]")
    protected.write_bytes(content)
    assert await refused(protected) == "knowledge.file_encrypted"


@pytest.mark.parametrize("share", [0.001, 0.5])
async def test_a_truncated_pdf_is_broken_or_read_in_part(tmp_path: Path, share: float) -> None:
    whole = real("debian_ja_pdf/maint*.pdf").read_bytes()
    path = tmp_path / "a.pdf"
    path.write_bytes(whole[: int(len(whole) * share)])
    assert await refused(path) == "knowledge.file_broken"


@pytest.mark.parametrize(
    "name", ["a.docx", "a.xlsx", "a.pptx", "a.epub", "a.pdf", "a.png", "a.jpg", "a.tiff"]
)
async def test_damaged_files_end_in_an_error(tmp_path: Path, name: str) -> None:
    starts = {"pdf": b"%PDF-1.7\n", "png": b"\x89PNG\r\n\x1a\n", "jpg": b"\xff\xd8\xff", "tiff": b"II*\0"}
    path = tmp_path / name
    path.write_bytes(starts.get(name.rpartition(".")[2], b"PK\x03\x04") + bytes(range(256)) * 8)
    assert await refused(path) == "knowledge.file_broken"


async def test_a_pdf_that_claims_two_thousand_million_pages_costs_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    text = written([(60, 700, 10, "the only page there is")])
    path.write_bytes(pdf([text]).replace(b"/Count 1", b"/Count 2000000000"))
    try:
        document = await parse(path)
        assert "the only page" in document.pages[0].text
    except DocumentError as error:
        assert error.key in {"knowledge.file_pages", "knowledge.file_broken"}


async def test_ten_thousand_pages_come_one_by_one_in_bounded_memory(
    tmp_path: Path, children: Children
) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(pdf([written([(60, 700, 10, f"page {i} of many pages")]) for i in range(1, 10_001)]))
    seen: list[tuple[int, int]] = []
    largest = 0

    async def show(done: int, total: int) -> None:
        nonlocal largest
        seen.append((done, total))
        if done % 500 == 0:
            largest = max([largest, *(each.memory_info().rss for each in children())])

    document = await parse(path, show=show)
    assert len(document.pages) == 10_000
    assert document.pages[9_999].text == "page 10000 of many pages"
    assert seen[0] == (1, 10_000)
    assert seen[-1] == (10_000, 10_000)
    assert 0 < largest < 150 * 2**20


async def test_a_picture_of_too_many_pixels_is_not_decoded(tmp_path: Path) -> None:
    Image.new("1", (20_000, 20_000)).save(tmp_path / "a.png")
    assert (tmp_path / "a.png").stat().st_size < 100_000
    assert await refused(tmp_path / "a.png") == "knowledge.file_bomb"


async def test_magic_bytes_decide_not_the_name(tmp_path: Path) -> None:
    office = docx(tmp_path / "report.pdf", p("a Word file"))
    document = await parse(office, media_type="application/pdf")
    assert document.media_type.endswith("wordprocessingml.document")
    assert document.warnings == ("knowledge.warning_wrong_name",)
    program = tmp_path / "a.txt"
    program.write_bytes(b"\x7fELF" + bytes(100))
    assert await refused(program, media_type="text/plain") == "knowledge.file_unsupported"
    assert await refused(zipped(tmp_path / "a.zip", {"a": "b"})) == "knowledge.file_unsupported"
    (tmp_path / "empty.md").write_bytes(b"")
    assert await refused(tmp_path / "empty.md") == "knowledge.file_empty"


async def test_a_file_of_two_kinds_is_read_as_the_one_it_begins_with(tmp_path: Path) -> None:
    book = pdf([written([(60, 700, 12, "This is a portable document")])])
    both = tmp_path / "a.pdf"
    both.write_bytes(book + docx(tmp_path / "b.docx", p("This is a Word file")).read_bytes())
    document = await parse(both)
    assert document.media_type == "application/pdf"
    page = tmp_path / "a.html"
    page.write_bytes(b"<html><script>alert(1)</script><p>shown</p></html><!-- %PDF-1.7 -->" + bytes(3))
    assert await refused(page) in {"knowledge.file_broken", "knowledge.file_not_text"}


async def test_time_is_limited_and_who_leaves_ends_the_child(tmp_path: Path, children: Children) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(pdf([written([(60, 700, 10, f"page {i} of many pages")]) for i in range(20_000)]))
    assert await refused(path, replace(ParseLimits(), total_s=0.5)) == "knowledge.file_time"
    reading = asyncio.create_task(parse(path))
    while not children():
        await asyncio.sleep(0.01)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert not children()


async def test_deeply_nested_markup_ends_in_an_error_or_in_its_text(tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    path.write_text("<html><body>" + "<div>" * 100_000 + "deep")
    try:
        await parse(path)
    except DocumentError as error:
        assert error.key == "knowledge.file_broken"
    (tmp_path / "a.md").write_text(">" * 50_000 + " deep\n" + "[" * 50_000)
    assert len((await parse(tmp_path / "a.md")).pages) == 1
