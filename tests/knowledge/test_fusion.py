"""The index of a collection and what is found in it."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from yoriai.knowledge.fusion import Hit, fuse, rank, standardised, top
from yoriai.knowledge.index import PassageIndex
from yoriai.knowledge.tokens import tokens

_TEXTS = {
    "trip": "出張の日当は一日二千円とする。",
    "stay": "宿泊費の上限は一万円である。",
    "leave": "有給休暇は年に二十日まで取れる。",
    "badge": "Visitors wear a badge at all times.",
}


def _index(*, with_vectors: bool = True) -> PassageIndex:
    index = PassageIndex()
    vectors = np.eye(len(_TEXTS), 8) if with_vectors else None
    index.add(list(_TEXTS), ["d1", "d1", "d2", "d3"], [tokens(text) for text in _TEXTS.values()], vectors)
    return index


def _ids(hits: list[Hit]) -> list[str]:
    return [hit.id for hit in hits]


def test_words_find_their_passage_without_any_vector() -> None:
    hits = rank([_index(with_vectors=False)], words=tokens("日当はいくらですか"), vector=None, k=3)
    assert _ids(hits) == ["trip"]
    assert hits[0].cosine is None
    assert 0 < (hits[0].lexical or 0) <= 1


def test_a_vector_finds_what_no_word_does() -> None:
    hits = rank([_index()], words=tokens("holiday"), vector=np.eye(8)[2], k=2)
    assert _ids(hits)[0] == "leave"
    assert hits[0].cosine == pytest.approx(1.0)


def test_each_half_alone_and_both() -> None:
    words, vector = tokens("宿泊費"), np.eye(8)[0] + 0.9 * np.eye(8)[1]
    assert _ids(rank([_index()], words=words, vector=vector, k=1, method="lexical")) == ["stay"]
    assert _ids(rank([_index()], words=words, vector=vector, k=1, method="dense")) == ["trip"]
    assert _ids(rank([_index()], words=words, vector=vector, k=2)) == ["stay", "trip"]


def test_only_the_documents_asked_for_are_ranked_and_counted() -> None:
    words, vector = tokens("日当 宿泊 badge"), np.ones(8)
    only = rank([_index()], words=words, vector=vector, k=9, documents=["d1", "no such"])
    assert set(_ids(only)) == {"trip", "stay"}
    alone = PassageIndex()
    alone.add(["trip", "stay"], ["d1", "d1"], [tokens(_TEXTS["trip"]), tokens(_TEXTS["stay"])], np.eye(2, 8))
    assert rank([alone], words=words, vector=vector, k=9) == only
    assert rank([_index()], words=words, vector=vector, k=9, documents=[]) == []


def test_several_collections_are_ranked_as_if_they_were_one() -> None:
    whole, parts = _index(), [PassageIndex() for _ in _TEXTS]
    for row, (part, (name, text)) in enumerate(zip(parts, _TEXTS.items(), strict=True)):
        part.add([name], [f"{row}"], [tokens(text)], np.eye(4, 8)[row : row + 1])
    words, vector = tokens("一日 badge 二千円"), np.arange(8)
    one, several = (rank(indexes, words=words, vector=vector, k=4) for indexes in ([whole], parts))
    assert _ids(one) == _ids(several)
    assert [hit.score for hit in one] == pytest.approx([hit.score for hit in several])


def test_removed_passages_are_gone_and_replaced_ones_are_new() -> None:
    index = _index()
    index.remove(["trip"])
    index.remove(["badge"])
    assert index.ids == {"stay", "leave"}
    assert rank([index], words=tokens("日当 badge"), vector=None, k=9) == []
    index.add(["stay"], ["d1"], [tokens("新幹線")], np.eye(8)[5:6])
    assert len(index) == 2
    assert _ids(rank([index], words=tokens("新幹線"), vector=None, k=9)) == ["stay"]
    assert rank([index], words=tokens("宿泊"), vector=None, k=9) == []


def test_vectors_may_come_later_and_change_with_the_model() -> None:
    index = _index(with_vectors=False)
    index.set_vectors(["leave", "trip", "no such"], np.eye(3, 8))
    hits = rank([index], words=[], vector=np.eye(8)[0], k=9)
    assert _ids(hits) == ["leave", "trip"]
    hits = rank([index], words=tokens("宿泊"), vector=np.eye(8)[0], k=9)
    assert set(_ids(hits)) == {"stay", "leave", "trip"}
    index.clear_vectors()
    index.set_vectors(["badge"], np.eye(1, 3))
    assert _ids(rank([index], words=[], vector=np.eye(3)[0], k=9)) == ["badge"]
    assert rank([index], words=[], vector=np.eye(8)[0], k=9) == []


def test_an_index_made_in_steps_is_that_made_at_once() -> None:
    random = np.random.default_rng(1)
    texts = [[f"w{n}" for n in random.integers(0, 60, 20)] for _ in range(700)]
    vectors = random.standard_normal((700, 16))
    names = [f"p{n}" for n in range(700)]
    documents = [f"d{n // 7}" for n in range(700)]
    steps, once = PassageIndex(), PassageIndex()
    for at in range(0, 700, 7):
        here = slice(at, at + 7)
        steps.add(names[here], documents[here], texts[here], vectors[here])
        if at >= 350:
            steps.remove(names[at - 350 : at - 343])
    kept = slice(350, 700)
    once.add(names[kept], documents[kept], texts[kept], vectors[kept])
    assert steps.ids == once.ids
    assert len(steps.segments) < 6
    for query in range(20):
        words, vector = [f"w{query}", f"w{query + 1}"], random.standard_normal(16)
        one, other = (rank([index], words=words, vector=vector, k=10) for index in (steps, once))
        assert _ids(one) == _ids(other)
        assert [hit.score for hit in one] == pytest.approx([hit.score for hit in other], rel=1e-4)


def test_searching_while_it_grows_never_fails() -> None:
    index, failures, done = _index(), [], threading.Event()

    def search() -> None:
        while not done.is_set():
            hits = rank([index], words=tokens("日当"), vector=np.ones(8), k=3)
            if "trip" not in _ids(hits)[:1]:
                failures.append(hits)

    searcher = threading.Thread(target=search)
    searcher.start()
    for step in range(150):
        index.add([f"n{step}"], [f"x{step}"], [["増加"]], None if step % 2 else np.eye(8)[3:4])
        index.set_vectors([f"n{step}"], np.eye(8)[4:5])
        if step % 3 == 0:
            index.remove([f"n{step}"])
    done.set()
    searcher.join()
    assert not failures
    assert len(index) == 4 + 100


def test_an_average_cosine_neither_helps_nor_harms() -> None:
    shares = np.array([0.5, 0.5, 0.5], np.float32)
    fused = fuse(shares, np.array([0.9, 0.8, 0.7], np.float32))
    assert fused[0] > fused[1] > fused[2]
    assert fused[1] == pytest.approx(0.5**2.5)
    np.testing.assert_allclose(
        standardised(np.array([1, 3, 5, 7], np.float32)), np.array([-3, -1, 1, 3]) / 5**0.5
    )
    assert not standardised(np.array([0.8, 0.8], np.float32)).any()


def test_a_passage_whose_vector_is_still_being_made_is_not_behind_those_that_share_nothing() -> None:
    shares = np.array([0.3, 0.0, 0.0, 0.6], np.float32)
    cosine = np.array([np.nan, 0.75, 0.9, 0.8], np.float32)
    fused = fuse(shares, cosine)
    assert fused.argsort()[::-1].tolist() == [3, 0, 2, 1]
    assert fuse(shares, np.full(4, np.nan, np.float32)).tolist() == shares.tolist()


def test_the_best_are_taken_after_the_mask_and_ties_keep_their_order() -> None:
    scores = np.array([9, 1, 5, 5, 5, 0], np.float32)
    allowed = np.array([False, True, True, True, True, True])
    assert top(scores, allowed, 2).tolist() == [2, 3]
    assert top(scores, allowed, 4).tolist() == [2, 3, 4, 1]
    assert top(scores, ~allowed & False, 4).tolist() == []
    assert top(scores, allowed, 0).tolist() == []


def test_an_empty_index_finds_nothing() -> None:
    assert rank([PassageIndex()], words=["a"], vector=None, k=5) == []
    assert rank([], words=["a"], vector=None, k=5) == []
