"""Makes files for the tests of parsing: small, real, and hostile on purpose. Not a test itself."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_KINDS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
S = f'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="{_KINDS}"'
P = (
    'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" '
    f'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" xmlns:r="{_KINDS}"'
)


def zipped(path: Path, parts: Mapping[str, str | bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def relations(targets: Mapping[str, tuple[str, str]]) -> str:
    """id -> (kind, target)."""
    each = "".join(
        f'<Relationship Id="{name}" Type="{_KINDS}/{kind}" Target="{target}"/>'
        for name, (kind, target) in targets.items()
    )
    return f'<Relationships xmlns="{_RELATIONS}">{each}</Relationships>'


def docx(path: Path, body: str, *, prologue: str = "", **parts: str) -> Path:
    """A Word file. `parts`: styles, numbering, header, footer, footnotes: the inside of each."""
    roots = {
        "styles": "styles",
        "numbering": "numbering",
        "header": "hdr",
        "footer": "ftr",
        "footnotes": "footnotes",
    }
    written: dict[str, str | bytes] = {
        "[Content_Types].xml": f'<Types xmlns="{_TYPES}"><Override PartName="/word/document.xml" ContentType='
        '"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>',
        "_rels/.rels": relations({"r1": ("officeDocument", "word/document.xml")}),
        "word/_rels/document.xml.rels": relations({name: (name, f"{name}.xml") for name in parts}),
        "word/document.xml": f"{prologue}<w:document {W}><w:body>{body}</w:body></w:document>",
    }
    for name, inside in parts.items():
        written[f"word/{name}.xml"] = f"<w:{roots[name]} {W}>{inside}</w:{roots[name]}>"
    return zipped(path, written)


def p(text: str, properties: str = "") -> str:
    return f"<w:p><w:pPr>{properties}</w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>"


def xlsx(
    path: Path, sheets: Mapping[str, str], *, strings: Sequence[str] = (), formats: Sequence[int] = ()
) -> Path:
    """A workbook. `sheets`: name -> its rows; `formats`: the number format of each style."""
    names = list(sheets)
    listed = "".join(f'<sheet name="{n}" sheetId="{i}" r:id="s{i}"/>' for i, n in enumerate(names, 1))
    targets = {f"s{i}": ("worksheet", f"worksheets/sheet{i}.xml") for i in range(1, len(names) + 1)}
    targets |= {"x": ("sharedStrings", "sharedStrings.xml"), "y": ("styles", "styles.xml")}
    items = "".join(f"<si><t>{text}</t></si>" for text in strings)
    cells = "".join(f'<xf numFmtId="{number}"/>' for number in formats)
    return zipped(
        path,
        {
            "[Content_Types].xml": f'<Types xmlns="{_TYPES}"><Override PartName="/xl/workbook.xml" ContentType='
            '"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>',
            "_rels/.rels": relations({"r1": ("officeDocument", "xl/workbook.xml")}),
            "xl/workbook.xml": f"<workbook {S}><sheets>{listed}</sheets></workbook>",
            "xl/_rels/workbook.xml.rels": relations(targets),
            "xl/sharedStrings.xml": f"<sst {S}>{items}</sst>",
            "xl/styles.xml": f"<styleSheet {S}><cellXfs>{cells}</cellXfs></styleSheet>",
            **{
                f"xl/worksheets/sheet{i}.xml": f"<worksheet {S}><sheetData>{rows}</sheetData></worksheet>"
                for i, rows in enumerate(sheets.values(), 1)
            },
        },
    )


def pptx(path: Path, slides: Sequence[str]) -> Path:
    """A presentation; each slide is the inside of its shape tree."""
    listed = "".join(f'<p:sldId id="{255 + i}" r:id="s{i}"/>' for i in range(1, len(slides) + 1))
    targets = {f"s{i}": ("slide", f"slides/slide{i}.xml") for i in range(1, len(slides) + 1)}
    parts: dict[str, str | bytes] = {
        "[Content_Types].xml": f'<Types xmlns="{_TYPES}"><Override PartName="/ppt/presentation.xml" ContentType='
        '"application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml"/></Types>',
        "_rels/.rels": relations({"r1": ("officeDocument", "ppt/presentation.xml")}),
        "ppt/presentation.xml": f"<p:presentation {P}><p:sldIdLst>{listed}</p:sldIdLst></p:presentation>",
        "ppt/_rels/presentation.xml.rels": relations(targets),
    }
    for i, inside in enumerate(slides, 1):
        parts[f"ppt/slides/slide{i}.xml"] = (
            f"<p:sld {P}><p:cSld><p:spTree>{inside}</p:spTree></p:cSld></p:sld>"
        )
    return zipped(path, parts)


def shape(text: str, *, kind: str = "", x: int = 0, y: int = 0) -> str:
    placeholder = f'<p:nvSpPr><p:nvPr><p:ph type="{kind}"/></p:nvPr></p:nvSpPr>' if kind else ""
    lines = "".join(f"<a:p><a:r><a:t>{line}</a:t></a:r></a:p>" for line in text.split("\n"))
    place = f'<p:spPr><a:xfrm><a:off x="{x}" y="{y}"/></a:xfrm></p:spPr>'
    return f"<p:sp>{placeholder}{place}<p:txBody>{lines}</p:txBody></p:sp>"


def epub(path: Path, chapters: Sequence[str], *, title: str = "本") -> Path:
    items = "".join(
        f'<item id="c{i}" href="c{i}.xhtml" media-type="application/xhtml+xml"/>'
        for i in range(len(chapters))
    )
    order = "".join(f'<itemref idref="c{i}"/>' for i in range(len(chapters)))
    return zipped(
        path,
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container">'
            '<rootfiles><rootfile full-path="OPS/p.opf"/></rootfiles></container>',
            "OPS/p.opf": '<package xmlns="http://www.idpf.org/2007/opf" '
            f'xmlns:dc="http://purl.org/dc/elements/1.1/"><metadata><dc:title>{title}</dc:title></metadata>'
            f"<manifest>{items}</manifest><spine>{order}</spine></package>",
            **{f"OPS/c{i}.xhtml": chapter for i, chapter in enumerate(chapters)},
        },
    )


_HELVETICA = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"
_VERTICAL = (
    b"<</Type/Font/Subtype/Type0/BaseFont/KozMinPro6N-Regular-UniJIS-UTF16-V/Encoding/UniJIS-UTF16-V"
    b"/DescendantFonts[<</Type/Font/Subtype/CIDFontType0/BaseFont/KozMinPro6N-Regular"
    b"/CIDSystemInfo<</Registry(Adobe)/Ordering(Japan1)/Supplement 6>>/DW 1000"
    b"/FontDescriptor<</Type/FontDescriptor/FontName/KozMinPro6N-Regular/Flags 4/FontBBox[0 -120 1000 880]"
    b"/ItalicAngle 0/Ascent 880/Descent -120/CapHeight 700/StemV 80>>>>]>>"
)


def pdf(pages: Sequence[bytes], *, font: bytes = _HELVETICA, extra: Sequence[bytes] = ()) -> bytes:
    """A PDF of A4 pages with these content streams. Objects of `extra` are numbered from 4 + 2 per page."""
    kids = b" ".join(b"%d 0 R" % (4 + 2 * i) for i in range(len(pages)))
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[" + kids + b"]/Count %d>>" % len(pages),
        font,
    ]
    for i, content in enumerate(pages):
        objects += [
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</Font<</F 3 0 R>>>>/Contents %d 0 R>>"
            % (5 + 2 * i),
            b"<</Length %d>>stream\n%s\nendstream" % (len(content), content),
        ]
    return assembled([*objects, *extra])


def assembled(objects: Sequence[bytes]) -> bytes:
    file, places = io.BytesIO(), []
    file.write(b"%PDF-1.7\n")
    for number, content in enumerate(objects, 1):
        places.append(file.tell())
        file.write(b"%d 0 obj\n%s\nendobj\n" % (number, content))
    start = file.tell()
    file.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    file.writelines(b"%010d 00000 n \n" % place for place in places)
    file.write(b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, start))
    return file.getvalue()


def written(lines: Sequence[tuple[float, float, float, str]]) -> bytes:
    """A content stream: (x, y from below, size, text)."""
    return b"".join(
        b"BT /F %.1f Tf %.1f %.1f Td (%s) Tj ET\n"
        % (size, x, y, text.encode("latin-1").replace(b"(", b"\\("))
        for x, y, size, text in lines
    )


def vertical_pdf(columns: Sequence[str]) -> bytes:
    """Japanese in columns from right to left; the font isn't embedded, as in many files from Japan."""
    stream = b"".join(
        b"BT /F 20 Tf %d 780 Td <%s> Tj ET\n" % (520 - 36 * i, column.encode("utf-16-be").hex().encode())
        for i, column in enumerate(columns)
    )
    return pdf([stream], font=_VERTICAL)


def garbled_pdf(text: str) -> bytes:
    """Its picture is right, its text layer says characters that are in no font."""
    cmap = (
        b"/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def\n"
        b"1 begincodespacerange <00> <FF> endcodespacerange\n"
        b"1 beginbfrange <20> <7E> <E020> endbfrange endcmap end end"
    )
    font = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/ToUnicode 6 0 R>>"
    stream = b"<</Length %d>>stream\n%s\nendstream" % (len(cmap), cmap)
    return pdf([written([(60, 700, 28, text)])], font=font, extra=[stream])
