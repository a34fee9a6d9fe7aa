"""How much of a document's text parsing recovers, how fast, and how surely encodings are told apart.

Run: python benchmarks/parsing.py [--data FOLDER]   (shared/data by default; no model, no network)

1. Government guidebooks that exist as docx and as Markdown: the share of the Markdown's blocks whose text is found in
   what was read from the docx, per kind of block. A block counts when nine tenths of its sequences of four characters
   are there. Numbers of headings and items, and marks of footnotes are not compared: the Markdown has its own. It is
   an edition of 15 months before, so nothing reaches 100 %; markitdown, where it is installed, shows what another
   reader gets from the same files.
2. Every file: pages, characters and seconds, the start of the process included.
3. Encodings: sentences of JSQuAD in Shift_JIS, EUC-JP, UTF-16 and UTF-8, cut to lengths.

It doesn't say whether the blocks have the right kind, nor whether tables keep their columns.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import time
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

from charset_normalizer import from_bytes

from yoriai.errors import YoriaiError
from yoriai.knowledge.parsing.encoding import detect
from yoriai.knowledge.parsing.parse import parse
from yoriai.sandbox.jail import RefusedError

ENOUGH = 0.9
LENGTHS = (5, 10, 20, 50)
CODECS = ("cp932", "euc_jp", "utf-8", "utf-16", "utf-16-le")
_NUMBER = re.compile(r"^[\s#*>|-]*[\d.０-９．]+[.)）]?\s+")
_MARKS = re.compile(r"\[\^\d+\]|!\[[^\]]*\]\([^)]*\)|\[([^\]]*)\]\([^)]*\)|<[^>]+>|[*_`#>|\\-]+")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "work/shared/data")
    data = arguments.parse_args().data
    asyncio.run(recovered(data / "gif_gov_docs"))
    asyncio.run(speed(data))
    encodings(data)


def twins(folder: Path) -> Iterator[tuple[Path, Path]]:
    """docx and Markdown of one guidebook: they share the number that their names begin with."""
    sources = {path.name.partition("_")[0]: path for path in folder.rglob("*.docx")}
    for twin in sorted(folder.rglob("*.md")):
        number = twin.name.partition("_")[0]
        if number in sources:
            yield sources[number], twin


async def recovered(folder: Path) -> None:
    found: dict[tuple[str, str], list[bool]] = defaultdict(list)
    readers: dict[str, Callable[[Path], str]] = markitdown()
    for source, twin in twins(folder):
        document = await parse(source)
        texts = {"yoriai": "\n".join(page.text for page in document.pages)}
        texts |= {name: read(source) for name, read in readers.items()}
        blocks = [
            (block.kind, page.text[block.start : block.end])
            for page in (await parse(twin)).pages
            for block in page.blocks
        ]
        for name, text in texts.items():
            known = grams(text)
            for kind, words in blocks:
                for piece in pieces(kind, words):
                    found[name, kind].append(share(piece, known) >= ENOUGH)
    print("| reader | kind of block | blocks | recovered |\n|---|---|---|---|")
    for (name, kind), hits in sorted(found.items()):
        print(f"| {name} | {kind} | {len(hits)} | {sum(hits) / len(hits):.1%} |")
    for name in sorted({name for name, _ in found}):
        every = [hit for (reader, _), hits in found.items() if reader == name for hit in hits]
        print(f"| {name} | all | {len(every)} | {sum(every) / len(every):.1%} |")


def markitdown() -> dict[str, Callable[[Path], str]]:
    try:
        from markitdown import MarkItDown
    except ImportError:
        return {}
    reader = MarkItDown(enable_plugins=False)
    return {"markitdown": lambda path: str(reader.convert(str(path)).text_content)}


def pieces(kind: str, words: str) -> list[str]:
    """Rows of a table and items of a list count one by one."""
    parts = words.split("\n") if kind in {"list", "table"} else [words]
    plain = [folded(_NUMBER.sub("", without_marks(part))) for part in parts]
    return [part for part in plain if len(part) >= 4 and not part.startswith("omitintoc")]


def without_marks(text: str) -> str:
    return _MARKS.sub(lambda match: match[1] or "", text)


def folded(text: str) -> str:
    text = unicodedata.normalize("NFKC", without_marks(text))
    return "".join(each for each in text if each.isalnum())


def grams(text: str) -> set[str]:
    solid = folded(text)
    return {solid[at : at + 4] for at in range(len(solid) - 3)}


def share(piece: str, known: set[str]) -> float:
    own = [piece[at : at + 4] for at in range(len(piece) - 3)]
    return sum(gram in known for gram in own) / len(own)


async def speed(data: Path) -> None:
    rows: dict[str, list[tuple[int, int, float]]] = defaultdict(list)
    failures = []
    folders = ("gif_gov_docs", "debian_ja_pdf", "gif_images")
    paths = [path for name in folders for path in sorted((data / name).rglob("*")) if path.is_file()]
    for path in paths:
        start = time.perf_counter()
        try:
            document = await parse(path)
        except YoriaiError as error:
            failures.append(f"{path.name}: {error.key}")
            continue
        length = sum(len(page.text) for page in document.pages)
        rows[path.suffix.lower()].append((len(document.pages), length, time.perf_counter() - start))
    print("\n| suffix | files | pages | characters | seconds | pages/s |\n|---|---|---|---|---|---|")
    for suffix, each in sorted(rows.items()):
        pages, length, seconds = (sum(column) for column in zip(*each, strict=True))
        print(f"| {suffix} | {len(each)} | {pages} | {length} | {seconds:.1f} | {pages / seconds:.1f} |")
    print("failed:", ", ".join(failures) or "none")


def encodings(data: Path) -> None:
    valid = next((data / "jglue").rglob("*valid*.json*"), None)
    if valid is None:
        print("\nno JGLUE: encodings not measured")
        return
    texts = [text for text in sentences(valid) if not text.isascii()][:400]
    print("\n| encoding | characters | yoriai | charset-normalizer |\n|---|---|---|---|")
    for codec in CODECS:
        for length in LENGTHS:
            cut = [text[:length] for text in texts if not text[:length].isascii()]
            coded = [(text, data) for text in cut if (data := encoded(text, codec))]
            ours = sum(is_right(text, data, ours_of) for text, data in coded) / len(coded)
            theirs = sum(is_right(text, data, theirs_of) for text, data in coded) / len(coded)
            print(f"| {codec} | {length} | {ours:.1%} | {theirs:.1%} |")


def sentences(path: Path) -> list[str]:
    text = path.read_text("utf8")
    found = re.findall(r'"(?:question|context|sentence1?)": ?("(?:[^"\\]|\\.)*")', text)
    return [json.loads(each) for each in found]


def encoded(text: str, codec: str) -> bytes:
    try:
        return text.encode(codec)
    except UnicodeEncodeError:
        return b""


def ours_of(data: bytes) -> str:
    try:
        return detect(data)
    except RefusedError:
        return "ascii"


def theirs_of(data: bytes) -> str:
    best = from_bytes(data).best()
    return str(best.encoding) if best else "ascii"


def is_right(text: str, data: bytes, detector: Callable[[bytes], str]) -> bool:
    try:
        return data.decode(detector(data)).lstrip("\ufeff") == text
    except UnicodeDecodeError:
        return False


if __name__ == "__main__":
    main()
