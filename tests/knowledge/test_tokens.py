"""One spelling for all spellings of a word."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yoriai.knowledge.tokens import names, places, tokens


@pytest.mark.parametrize(
    "spellings",
    [
        ("サーバ", "サーバー", "ｻｰﾊﾞｰ", "サ−バー"),
        ("ヴァイオリン", "バイオリン", "ｳﾞｧｲｵﾘﾝ"),
        ("インターフェース", "インタフェース", "インターフェイス"),
        ("キャノン", "キヤノン"),
        ("コンピュータ", "コンピューター", "ｺﾝﾋﾟｭｰﾀ"),
        ("１２３４５円", "12345円", "12,345円"),
        ("３千万円", "3千万円", "30,000,000円"),
        ("行なう", "行う", "おこなう"),
        ("打合せ", "打ち合わせ", "打合わせ"),
        ("取扱い", "取り扱い"),
        ("一ヶ月", "一か月", "一ケ月", "1ヵ月"),
        ("附属", "付属"),
        ("グーグル", "Google", "ＧＯＯＧＬＥ"),
        ("食べた", "食べる", "食べます"),
        ("companies", "company", "Companies"),
        ("running", "RUN", "runs"),
    ],
)
def test_spellings_of_a_word_are_one(spellings: tuple[str, ...]) -> None:
    assert len({tuple(tokens(spelling)) for spelling in spellings}) == 1
    assert tokens(spellings[0])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ビル", "ビール"),
        ("おばさん", "おばあさん"),
        ("C", "C++"),
        ("東京", "京都"),
        ("3.14", "314"),
        ("雨", "飴"),
    ],
)
def test_different_words_stay_different(one: str, other: str) -> None:
    assert tokens(one) != tokens(other)


def test_a_compound_is_found_by_its_parts_and_particles_are_left_out() -> None:
    assert {"国際", "連合", "教育"} < set(tokens("国際連合の教育について"))
    assert not {"の", "に", "て"} & set(tokens("国際連合の教育について"))


def test_both_languages_in_one_line() -> None:
    assert tokens("GPUを2枚使うmodels、iPhone15とC#") == [
        "gpu",
        "2",
        "枚",
        "使う",
        "model",
        "iphon",
        "15",
        "c#",
    ]


def test_a_long_text_without_a_full_stop_is_read_to_its_end() -> None:
    assert tokens("あ猫" * 30_000 + "富士山")[-1] in {"山", "富士山"}


def test_threads_get_the_same_words() -> None:
    texts = [f"第{n}回の打合せをサーバー室で行なう running" for n in range(40)]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(tokens, texts)) == [tokens(text) for text in texts]


@given(st.text(max_size=60))
@settings(max_examples=150, deadline=None)
def test_no_text_breaks_it(text: str) -> None:
    assert all(word and "\n" not in word and "\t" not in word for word in tokens(text))


@pytest.mark.parametrize("text", ["。" * 20_000, "猫" + "。" * 20_000, "㌖" * 20_000])
def test_a_row_of_signs_is_not_more_than_sudachi_takes(text: str) -> None:
    assert all([*tokens(text), *places(text), *names(text)])
