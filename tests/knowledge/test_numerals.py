import pytest

from yoriai.knowledge.numerals import numbers


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("1,200 people and 3.50 euros", {"1200", "3.5"}),
        ("１２人、二十三人、二〇二四年", {"12", "23", "2024"}),
        ("約1万2千円、5万円、三億五千万", {"12000", "50000", "350000000"}),
        ("1億2,000万円", {"120000000"}),
        ("six months and twelve days, one of them", {"6", "12"}),
        ("一般に、十分で、一つの", set()),
        ("2024年3月1日", {"2024", "3", "1"}),
        ("No number, 3.", {"3"}),
        ("", set()),
    ],
)
def test_numbers_have_one_spelling(text: str, found: set[str]) -> None:
    assert numbers(text) == found


def test_a_row_of_noughts_is_no_number_to_choke_on() -> None:
    assert numbers("〇" * 5000) == {"0"}
    assert numbers("二〇二四") == {"2024"}
