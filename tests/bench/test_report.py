"""What a run of the bench says, from figures that are given."""

import re
from pathlib import Path

from bench.growth import Growth
from bench.page import as_markdown
from bench.report import as_json
from bench.result import Result
from bench.row import LIMIT, OURS, Row

ROW = Row(
    name="csv", title="CSV", unit="rows/s", better="more", goals={"loop": 15, LIMIT: 0.75}, quick_goals={"loop": 10}
)


def result(*, ours=(100.0, 110.0, 90.0), loop=(5.0,), limit=(120.0,)):
    return Result(ROW, {OURS: list(ours), "loop": list(loop), LIMIT: list(limit)})


def test_a_row_in_json_has_medians_ratios_and_a_verdict():
    assert as_json([result()], "a machine", {"Python": "3"}) == {
        "machine": "a machine",
        "versions": {"Python": "3"},
        "rows": [
            {
                "name": "csv",
                "unit": "rows/s",
                "ours": 100.0,
                "peers": {"loop": 5.0},
                "limit": 120.0,
                "ratios": {"loop": 20.0, LIMIT: 100 / 120},
                "goal": ">= 15x loop, >= 0.75 of the limit",
                "met": True,
                "spread": 0.2,
            }
        ],
    }


def test_a_goal_whose_peer_is_missing_is_not_met_and_says_why():
    missing = Result(ROW, {OURS: [100.0], LIMIT: [100.0]}, absent={"loop": "not installed"})
    page = as_markdown([missing], [], [])

    assert not missing.met
    assert "[CSV](NOTES.md#csv): loop took no part" in page
    assert "- loop: not installed" in page


def test_a_row_that_broke_is_on_the_page_without_a_figure():
    page = as_markdown([Result(ROW, {}, failed={OURS: "OSError: no space"})], [], [])

    assert "| CSV | rows/s |  |  |  |  | >= 15x loop, >= 0.75 of the limit | **failed** |" in page
    assert "ours broke: OSError: no space" in page


def test_a_quick_run_fails_only_below_half_of_what_small_data_give():
    assert not result(loop=[20.0]).fell_below(0.5)
    assert result(loop=[20.1]).fell_below(0.5)


def test_growth_of_a_rate_and_of_a_time_is_how_much_worse_it_gets():
    less = Row(name="page", title="page", unit="ms", better="less")

    assert Growth(ROW, {10: 100, 100: 50, 1000: 50}).factors == [2, 1]
    assert Growth(less, {10: 100, 100: 50}).factors == [0.5]


def test_every_row_that_missed_its_goal_in_the_committed_results_is_explained():
    folder = Path(__file__).parents[2] / "bench"
    results = (folder / "RESULTS.md").read_text() if (folder / "RESULTS.md").exists() else ""
    headings = re.findall(r"^## (\S+)$", (folder / "NOTES.md").read_text(), re.MULTILINE)

    assert set(re.findall(r"NOTES\.md#([\w-]+)", results)) <= set(headings)
