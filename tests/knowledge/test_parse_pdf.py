"""PDF and pictures: order, paragraphs, pages, what is read from the picture, and where a passage stands."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont

from knowledge.making import garbled_pdf, pdf, vertical_pdf, written
from knowledge.parsing_of import blocks, first, real
from yoriai.errors import NotFoundError, UnsupportedError
from yoriai.knowledge.parsing.parse import highlight_boxes, parse, render_page

pytestmark = pytest.mark.anyio
COLUMNS = written(
    [(60, 800, 20, "Working from home")]
    + [(60, 760 - 14 * i, 10, f"left line {i} of the first column here") for i in range(5)]
    + [(320, 760 - 14 * i, 10, f"right line {i} of the other column here") for i in range(5)]
)


async def test_two_columns_are_read_one_after_the_other_under_their_heading(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(pdf([COLUMNS]))
    (kind, level, title), *rest = await first(path)
    assert (kind, level, title) == ("heading", 1, "Working from home")
    text = " ".join(words for _, _, words in rest)
    assert text.index("left line 4") < text.index("right line 0")


@pytest.mark.parametrize("rotation", [0, 90])
async def test_a_passage_is_found_where_it_stands(tmp_path: Path, rotation: int) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(pdf([COLUMNS]).replace(b"/Parent 2 0 R", b"/Parent 2 0 R/Rotate %d" % rotation))
    text = (await parse(path)).pages[0].text
    start = text.index("right line 2")
    (box,) = await highlight_boxes(path, 1, start, start + len("right line 2"))
    across, down = (box.left, box.top) if rotation == 0 else (box.top, 1 - box.left - box.width)
    assert across == pytest.approx(320 / 595, abs=0.01)
    assert down == pytest.approx((842 - 732 - 10) / 842, abs=0.01)
    with Image.open(io.BytesIO(await render_page(path, 1, width_px=400))) as picture:
        assert picture.width == 400
        place = (box.left, box.top, box.left + box.width, box.top + box.height)
        ink = picture.convert("L").crop(
            tuple(round(share * side) for share, side in zip(place, picture.size * 2, strict=True))
        )  # type: ignore[arg-type]
        assert ink.getextrema()[0] < 128, "there is print where the passage is said to be"


async def test_a_page_read_by_itself_is_the_one_of_the_document(tmp_path: Path) -> None:
    large = written([(60, 780 - 40 * i, 30, f"large print in line {i}") for i in range(15)])
    small = [(60, 760 - 14 * i, 10, f"small print in line {i}") for i in range(3)]
    path = tmp_path / "a.pdf"
    path.write_bytes(pdf([large, written([(60, 800, 16, "A heading"), *small])]))
    page = (await parse(path)).pages[1]
    assert blocks(page)[0] == ("heading", 2, "A heading")
    start = page.text.index("line 2")
    (box,) = await highlight_boxes(path, 2, start, start + 6)
    assert box.top == pytest.approx((842 - 732 - 9) / 842, abs=0.01)


async def test_vertical_writing_is_read_from_right_to_left(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    columns = [
        "吾輩は猫である。名前はまだ無い。",
        "どこで生れたか頓と見当がつかぬ。",
        "何でも薄暗いじめじめした所で",
    ]
    path.write_bytes(vertical_pdf(columns))
    page = (await parse(path)).pages[0]
    assert page.text == "".join(columns)
    start = page.text.index("見当")
    (box,) = await highlight_boxes(path, 1, start, start + 2)
    assert (box.left, box.height) == pytest.approx(((520 - 36 - 10) / 595, 40 / 842), abs=0.01)


async def test_a_garbled_text_layer_is_replaced_by_what_the_picture_says(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(garbled_pdf("Reading the picture"))
    document = await parse(path)
    assert document.pages[0].text == "Reading the picture"
    assert document.pages[0].is_scanned
    assert document.warnings == ("knowledge.warning_garbled",)


async def test_a_scan_is_read_and_a_blank_page_is_blank(tmp_path: Path) -> None:
    with Image.open(
        io.BytesIO(await render_page(real("debian_ja_pdf/maint*.pdf"), 20, width_px=1400))
    ) as page:
        scan = page.convert("RGB").crop((0, 0, 1400, 700))
    scan.save(tmp_path / "a.pdf", resolution=150)
    (page_of_scan,) = (await parse(tmp_path / "a.pdf")).pages
    truth = (await parse(real("debian_ja_pdf/maint*.pdf"))).pages[19].text
    solid, read = "".join(truth.split()), "".join(page_of_scan.text.split())
    right = [read[at : at + 4] in solid for at in range(len(read) - 3)]
    assert page_of_scan.is_scanned
    assert len(right) > 100
    assert sum(right) / len(right) > 0.8
    (tmp_path / "b.pdf").write_bytes(pdf([b""]))
    blank = await parse(tmp_path / "b.pdf")
    assert (blank.pages[0].text, blank.warnings) == ("", ("knowledge.warning_no_text",))


async def test_a_pictures_japanese_is_read(tmp_path: Path) -> None:
    page = (await parse(real("gif_images/462_image3.png"))).pages[0]
    assert "セミコロン区切りで列挙する" in page.text
    assert page.is_scanned


async def test_a_picture_in_columns_is_read_one_column_after_the_other(tmp_path: Path) -> None:
    picture = Image.new("RGB", (1000, 420), "white")
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(22)
    for i in range(6):
        draw.text((30, 30 + 60 * i), f"Left column has line number {i}", "black", font)
        draw.text((540, 30 + 60 * i), f"Right column has line number {i}", "black", font)
    picture.save(tmp_path / "a.png")
    text = "".join((await parse(tmp_path / "a.png")).pages[0].text.split())
    assert text.index("Leftcolumnhaslinenumber5") < text.index("Rightcolumnhaslinenumber0")


async def test_a_line_end_hyphen_goes_and_a_words_own_stays() -> None:
    document = await parse(real("debian_ja_pdf/developers*.pdf"))
    text = "\n".join(page.text for page in document.pages)
    assert "Debian distribution or on the" in text
    assert "debian-private" in text
    assert "\ufffe" not in text


async def test_a_real_book_has_the_headings_of_its_outline_and_joined_lines() -> None:
    document = await parse(real("debian_ja_pdf/developers*.pdf"))
    found = blocks(document.pages[20])
    assert ("heading", 2, "3.2 管理者的な責務") in found
    assert ("heading", 3, "3.2.1 あなたの Debian に関する情報をメンテナンスする") in found
    assert any("あなたにはいくつかの義務があります。" in words for _, _, words in found)
    assert len(document.pages) == 130


async def test_an_item_whose_lines_hang_below_its_mark_stays_one_paragraph() -> None:
    """Pages of two books where a paragraph used to end with the first line of every item."""
    guide = await parse(real("debian_ja_pdf/maint-guide.ja.pdf"))
    found = [words for page in (9, 10) for _, _, words in blocks(guide.pages[page - 1])]
    assert any("前処理される設定スクリプト" in words for words in found)
    assert any("最も重要な構成要素としてもつ" in words for words in found)
    assert not [words for words in found if words.startswith(("される", "れは", "でいますが", "な構成"))]


async def test_only_pages_that_exist_can_be_shown(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(pdf([COLUMNS]))
    for number in (0, 2):
        with pytest.raises(NotFoundError):
            await render_page(path, number, width_px=100)
    (tmp_path / "a.txt").write_text("text")
    with pytest.raises(UnsupportedError):
        await render_page(tmp_path / "a.txt", 1, width_px=100)
