"""Search and splitting on real text: JSQuAD, XQuAD, documents of the Japanese government."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from knowledge.parsing_of import real
from yoriai.knowledge.document import ParsedDocument
from yoriai.knowledge.fusion import rank
from yoriai.knowledge.index import PassageIndex
from yoriai.knowledge.measure import quality
from yoriai.knowledge.parsing.parse import parse
from yoriai.knowledge.split import MOST, indexed_text, indexed_words, size_of, split
from yoriai.knowledge.tokens import tokens


@pytest.mark.parametrize(
    ("name", "at_1", "at_10"),
    [("jglue/jsquad-v1.3/valid-v1.3.json", 0.88, 0.97), ("xquad_en/xquad.en.json", 0.91, 0.98)],
)
def test_words_alone_find_the_passage_of_a_question(name: str, at_1: float, at_10: float) -> None:
    """An English tokeniser finds 0.24 and 0.26 on the Japanese half: benchmarks/retrieval.py."""
    articles = json.loads(real(name).read_text(encoding="utf8"))["data"]
    paragraphs = [paragraph for article in articles for paragraph in article["paragraphs"]]
    keys = [str(n) for n in range(len(paragraphs))]
    index = PassageIndex()
    index.add(keys, keys, [tokens(paragraph["context"]) for paragraph in paragraphs])
    asked = [(key, qa["question"]) for key, p in zip(keys, paragraphs, strict=True) for qa in p["qas"]][::5]
    found = [rank([index], words=tokens(question), vector=None, k=10) for _, question in asked]
    result = quality([[hit.id for hit in hits] for hits in found], [{key} for key, _ in asked])
    assert result.recall[1].value >= at_1
    assert result.recall[10].value >= at_10


def _visible(document: ParsedDocument) -> Iterator[str]:
    return ("".join(page.text.split()) for page in document.pages)


@pytest.mark.parametrize(
    "name", ["gif_gov_docs/**/433_*.docx", "gif_gov_docs/**/491-2_*.xlsx", "gif_gov_docs/**/451-1-2_*.pdf"]
)
async def test_real_documents_are_split_without_loss(name: str) -> None:
    document = await parse(real(name))
    passages = split(document)
    pages = {page.number: page.text for page in document.pages}
    assert all(passage.text == pages[passage.page][passage.start : passage.end] for passage in passages)
    assert "".join("".join(passage.text.split()) for passage in passages) == "".join(_visible(document))
    assert all(size_of(passage.text) <= MOST for passage in passages)
    assert max(size_of(indexed_text(passage)) for passage in passages) < 512


async def test_a_definition_in_a_government_document_is_found_by_a_question() -> None:
    passages = split(await parse(real("gif_gov_docs/**/433_*住所.docx")))
    index = PassageIndex()
    keys = [str(passage.ordinal) for passage in passages]
    index.add(keys, keys, [indexed_words(passage) for passage in passages])
    hits = rank([index], words=tokens("町字IDとは何ですか"), vector=None, k=3)
    assert any("町字" in passages[int(hit.id)].text for hit in hits)
