"""What a file is, by its first bytes and, inside an archive, by its parts. A name decides only among kinds of text."""

from __future__ import annotations

import re
from typing import BinaryIO

from yoriai.sandbox.jail import RefusedError

PDF, TEXT, MARKDOWN, CSV, HTML = "application/pdf", "text/plain", "text/markdown", "text/csv", "text/html"
EPUB = "application/epub+zip"
_OFFICE = "application/vnd.openxmlformats-officedocument."
DOCX, XLSX, PPTX = (
    f"{_OFFICE}wordprocessingml.document",
    f"{_OFFICE}spreadsheetml.sheet",
    f"{_OFFICE}presentationml.presentation",
)
_MAIN_PARTS = {
    b"wordprocessingml.": DOCX,
    b"spreadsheetml.": XLSX,
    b"presentationml.": PPTX,
    b"ms-word.": DOCX,
    b"ms-excel.sheet.macro": XLSX,
    b"ms-powerpoint.": PPTX,
}
_PICTURES = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"BM", "image/bmp"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
)
PICTURES = ("image/png", "image/jpeg", "image/gif", "image/bmp", "image/tiff", "image/webp")
_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OTHERS = (b"\x7fELF", b"MZ", b"\x1f\x8b", b"7z\xbc\xaf\x27\x1c", b"Rar!", b"{\\rtf", b"\xcf\xfa\xed\xfe", b"ustar",
           b"BZh", b"\xfd7zXZ", b"OggS", b"fLaC", b"ID3", b"SQLite format 3")  # fmt: skip
_OF_NAMES = {
    "md": MARKDOWN, "markdown": MARKDOWN, "csv": CSV, "tsv": CSV, "tab": CSV, "htm": HTML, "html": HTML,
    "xhtml": HTML,
}  # fmt: skip
_OF_TEXTS = {MARKDOWN, CSV, HTML, "text/tab-separated-values", "text/x-markdown", "application/xhtml+xml"}
_SYNONYMS = {"text/tab-separated-values": CSV, "text/x-markdown": MARKDOWN, "application/xhtml+xml": HTML}
_HTML_START = re.compile(rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b",
                         re.IGNORECASE | re.DOTALL)  # fmt: skip
_HEAD = 4096


def detect(file: BinaryIO, *, suffix: str, media_type: str) -> str:
    """The media type of what is in the file. Leaves the file at its beginning.

    Args:
        suffix: of its name, "" for none; media_type: what somebody says it is, "" for nobody.

    Raises:
        RefusedError: empty, encrypted, or of a kind that can't be read.
    """
    head = file.read(_HEAD)
    file.seek(0)
    if not head.strip():
        raise RefusedError("empty")
    if head.startswith(b"PK\x03\x04"):
        found = _archive(file)
        file.seek(0)
        return found
    if head.startswith(_OLD_OFFICE):
        _refuse_old_office(file)
    picture = next((name for magic, name in _PICTURES if head.startswith(magic)), "")
    if picture or (head.startswith(b"RIFF") and head[8:12] == b"WEBP"):
        return picture or "image/webp"
    if head.startswith(_OTHERS):
        raise RefusedError("unsupported")
    return PDF if b"%PDF-" in head[:1024] else _text(head, suffix.lower().lstrip("."), media_type)


def _text(head: bytes, suffix: str, media_type: str) -> str:
    if _HTML_START.match(head):
        return HTML
    said = media_type.partition(";")[0].strip().lower()
    if suffix in _OF_NAMES:
        return _OF_NAMES[suffix]
    return _SYNONYMS.get(said, said) if said in _OF_TEXTS else TEXT


def _archive(file: BinaryIO) -> str:
    from yoriai.knowledge.parsing.zip_scan import opened, part

    archive = opened(file)
    names = set(archive.namelist())
    if "[Content_Types].xml" in names:
        types = part(archive, "[Content_Types].xml")
        for word, kind in _MAIN_PARTS.items():
            if word in types and b"main+xml" in types:
                return kind
    if "META-INF/container.xml" in names and b"epub" in part(archive, "mimetype"):
        return EPUB
    raise RefusedError("unsupported")


def _refuse_old_office(file: BinaryIO) -> None:
    """Office before 2007, or a newer file under a password: the latter is kept in the former's container."""
    content = file.read(64 * 2**20)
    raise RefusedError("encrypted" if "EncryptedPackage".encode("utf-16-le") in content else "old_office")


_SUFFIXES = {
    PDF: {"pdf"},
    DOCX: {"docx", "docm", "dotx"},
    XLSX: {"xlsx", "xlsm", "xltx"},
    PPTX: {"pptx", "pptm", "ppsx"},
    EPUB: {"epub"},
    "image/png": {"png"},
    "image/jpeg": {"jpg", "jpeg", "jfif"},
    "image/gif": {"gif"},
    "image/bmp": {"bmp"},
    "image/tiff": {"tif", "tiff"},
    "image/webp": {"webp"},
}


def suits(media_type: str, suffix: str) -> bool:
    """Is this the suffix of such a file? Any suffix is that of a text, except one of the others."""
    said = suffix.lower().lstrip(".")
    known = set().union(*_SUFFIXES.values())
    return (
        not said
        or said in _SUFFIXES.get(media_type, set())
        or (media_type not in _SUFFIXES and said not in known)
    )
