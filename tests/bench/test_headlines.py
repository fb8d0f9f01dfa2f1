"""What `make bench` finds stands in the README, where it belongs and nowhere else."""

import pytest

from bench.headlines import BEGINS, ENDS, README, headline, rows, written

PAGE = f"before\n{BEGINS}\nold\n\n| what | figure | aim |\n| --- | --- | --- |\n" + (
    f"| a | 1 | 2 |\n| b | 3 | 4 |\n{ENDS}\nafter\n"
)


def test_what_is_printed_becomes_a_row(capsys: pytest.CaptureFixture[str]) -> None:
    print("something else")
    headline("a", "5 ms", "6 ms")
    assert rows(capsys.readouterr().out) == {"a": "| a | 5 ms | 6 ms |"}


def test_a_row_that_was_measured_again_is_replaced_and_others_stay() -> None:
    found = {"a": "| a | 5 | 2 |", "c": "| c | 7 | 8 |"}
    page = written(PAGE, found, "new machine", keep_others=True)
    assert page.startswith(f"before\n{BEGINS}\nnew machine\n") and page.endswith(f"{ENDS}\nafter\n")
    assert "| a | 5 | 2 |\n| b | 3 | 4 |\n| c | 7 | 8 |\n" in page and "| a | 1 | 2 |" not in page
    # All parts were run: a row that none of them wrote is of a benchmark that is gone.
    page = written(PAGE, found, "new machine", keep_others=False)
    assert "| a | 5 | 2 |\n| c | 7 | 8 |\n" in page and "| b |" not in page


def test_without_its_markers_a_page_is_left_alone() -> None:
    with pytest.raises(ValueError, match="missing"):
        written("no table", {}, "machine", keep_others=True)


def test_the_readme_has_a_place_for_them() -> None:
    page = README.read_text("utf-8")
    assert written(page, {}, "x", keep_others=True).count("| what | figure | aim |") == 1
