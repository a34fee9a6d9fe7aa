"""An answer that says who wrote it is found; one that speaks of models, or quotes one, is not."""

from __future__ import annotations

import time

import pytest

from yoriai.arena.leaks import leak_of, tells

LEAKS = [
    "I am Qwen, created by Alibaba Cloud. I am a helpful assistant.",
    "I'm ChatGPT, a large language model trained by OpenAI.",
    "Hello! My name is **SmolLM2**. How can I help?",
    "As a large language model trained by Google, I can't have opinions.",
    "I was developed and trained by Mistral AI in Paris.",
    "As an AI assistant created by Anthropic, I should mention …",
    "Sure. I am based on the Llama family of models.",
    "I'm an AI language model developed by Hugging Face, and I like maths.",
    "My developer is OpenAI.",
    "私はQwenです。Alibaba Cloudによって開発されました。",
    "私は、アリババクラウドが開発した大規模言語モデルです。",
    "こんにちは！私の名前はＣｈａｔＧＰＴです。",
    "OpenAIによってトレーニングされた大規模言語モデルです。",
    "私はGoogleの大規模言語モデルです。ご質問をどうぞ。",
    "はい、Llama 3と申します。",
    "わたしは Llama-3-ELYZA-JP という名のアシスタントです。",
    "僕は東京工業大学で開発されたSwallowだよ。",
]
NO_LEAKS = [
    "Qwen is a family of models by Alibaba Cloud.",
    "I am a fan of Google Docs and use it daily.",
    "I'm sure that OpenAI published this paper in 2020.",
    "As an AI, I have no opinions.",
    "The llama is an animal of the Andes. I am certain of it.",
    '"I am Claude," said the painter, and Monet laughed.',
    "> I am Qwen, created by Alibaba Cloud.\n\nThis is how that model introduces itself.",
    "You could ask Gemini as well, as Google suggests.",
    "私はGoogleドキュメントをよく使います。",
    "Qwenはアリババが開発したモデルです。",
    "私はAIなので感情はありません。",
    "私はメタデータの専門家です。",
    "「私はChatGPTです」と名乗る詐欺に注意してください。",
    "GeminiはGoogleによって開発されたモデルです。",
    "スワローはツバメの英語名です。",
]


@pytest.mark.parametrize("answer", LEAKS)
def test_who_tells_who_it_is_is_found(answer: str) -> None:
    assert tells(answer)


@pytest.mark.parametrize("answer", NO_LEAKS)
def test_who_speaks_of_models_isnt(answer: str) -> None:
    assert not tells(answer)


def test_a_models_own_name_counts_though_nobody_knows_its_maker() -> None:
    assert not tells("I am Airoboros, at your service.")
    assert tells("I am Airoboros, at your service.", ("airoboros-l2-70b", "x"))
    assert not tells("I am your assistant, at your service.", ("assistant:travel", "x-chat"))


def test_whose_answer_it_was_is_said() -> None:
    plain, telling = ["Paris."], ["Paris.", "I am Qwen."]
    found = [leak_of(a, b, "x", "y") for a in (plain, telling) for b in (plain, telling)]
    assert found == ["", "model_b", "model_a", "both"]


@pytest.mark.parametrize(
    "hostile",
    [
        "i am " + "a large language model by " * 40_000,
        "私は" * 200_000,
        "as an ai " * 60_000,
        "「" * 300_000,
        '"' * 300_001,
    ],
)
def test_no_answer_takes_long_to_read(hostile: str) -> None:
    begin = time.process_time()
    tells(hostile)
    assert time.process_time() - begin < 2
