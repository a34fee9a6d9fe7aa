"""Makers of models: everyone's models lead to the right one, and every country has a name in both languages."""

from __future__ import annotations

import pytest

from yoriai.arena.words import country
from yoriai.catalog import catalogue
from yoriai.catalog.makers import load, maker_of
from yoriai.i18n.catalogue import messages

MAKERS = load()


@pytest.mark.parametrize(
    "entry",
    [each for each in catalogue.load().values() if each.kind != "embedding"],
    ids=lambda each: each.name,
)
def test_every_model_of_the_catalogue_has_a_maker(entry: catalogue.Entry) -> None:
    assert maker_of(MAKERS, entry.family, entry.name)


@pytest.mark.parametrize(
    ("name", "maker"),
    [
        ("qwen2.5-coder-0.5b", "Alibaba"), ("Qwen3-Reranker", "Alibaba"), ("llama-3.1-8b", "Meta"),
        ("Llama 3.1 Swallow Instruct", "Institute of Science Tokyo"), ("TinySwallow", "Sakana AI"),
        ("DeepSeek-R1-Distill-Qwen", "DeepSeek"), ("DeepSeek-R1-Distill-Llama-8B", "DeepSeek"),
        ("ELYZA Llama 3", "ELYZA"), ("gpt-oss-20b", "OpenAI"), ("GPT 4", "OpenAI"), ("LLaMA-2-Chat (70B)", "Meta"),
        ("smollm2-135m", "Hugging Face"), ("GPT-NeoXT-Chat-Base (20B)", "Together"), ("llm-jp-3.1-1.8b", "NII"),
        ("mixtral-8x7b", "Mistral AI"), ("claude-3-opus", "Anthropic"),
    ],
)  # fmt: skip
def test_a_name_leads_to_its_maker(name: str, maker: str) -> None:
    found = maker_of(MAKERS, name)
    assert found
    assert found.name == maker


@pytest.mark.parametrize("name", ["", "fluffy", "philosopher", "metaphor-7b", "yippie", "assistant:travel"])
def test_a_name_that_says_nothing_leads_to_nobody(name: str) -> None:
    assert maker_of(MAKERS, name) is None


def test_every_country_has_a_name() -> None:
    codes = {maker.country for maker in MAKERS}
    named = {
        key.removeprefix("arena.country_").upper() for key in messages() if key.startswith("arena.country_")
    }
    assert named == codes
    assert country("JP", "ja") == "日本"
    assert country("XX", "en") == "XX"
    assert country("", "en") == ""
