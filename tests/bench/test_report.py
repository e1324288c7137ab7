"""What a run of the bench says, from figures that are given."""

from bench.growth import Growth
from bench.page import as_markdown
from bench.report import as_json
from bench.result import Result
from bench.row import LIMIT, OURS, Row

ROW = Row(name="csv", title="CSV", unit="rows/s", goals={"loop": 15, LIMIT: 0.75}, quick_goals={"loop": 10})


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


def test_of_no_failures_at_all_there_is_no_ratio_that_json_cannot_hold():
    failures = Row(name="oversold", title="oversold", unit="pieces", bound=0)
    (row,) = as_json([Result(failures, {OURS: [0.0], "naive": [22.0]})], "a machine", {})["rows"]

    assert (row["ratios"], row["met"]) == ({}, True)


def test_a_goal_whose_peer_is_missing_is_not_met_and_says_why():
    missing = Result(ROW, {OURS: [100.0], LIMIT: [100.0]}, absent={"loop": "not installed"})
    page = as_markdown([missing], [], [])

    assert not missing.met
    assert "CSV: loop took no part" in page
    assert "- loop: not installed" in page


def test_a_row_that_broke_is_on_the_page_without_a_figure():
    page = as_markdown([Result(ROW, {}, failed={OURS: "OSError: no space"})], [], [])

    assert "| CSV | rows/s |  |  |  |  | >= 15x loop, >= 0.75 of the limit | **failed** |" in page
    assert "ours broke: OSError: no space" in page


def test_a_quick_run_fails_only_below_half_of_what_small_data_give():
    assert not result(loop=[20.0]).fell_below(0.5)
    assert result(loop=[20.1]).fell_below(0.5)


def test_growth_of_a_rate_and_of_a_time_is_how_much_worse_it_gets():
    less = Row(name="page", title="page", unit="ms")

    assert Growth(ROW, {10: 100, 100: 50, 1000: 50}).factors == [2, 1]
    assert Growth(less, {10: 100, 100: 50}).factors == [0.5]


def test_a_row_that_missed_its_goal_is_linked_to_its_notes_or_said_to_be_unexplained():
    explained = Row(name="webhook", title="webhook", unit="events/s", bound=1000)
    rows = [Result(explained, {OURS: [1.0]}), result(loop=[50.0])]
    page = as_markdown(rows, [], [])

    assert "- [webhook](NOTES.md#webhook): 1 events/s (goal >= 1000 events/s)" in page
    assert "- CSV: 2.0x loop (goal >= 15x loop, >= 0.75 of the limit). Not explained yet." in page


def test_growth_is_a_table_of_every_size():
    page = as_markdown([result()], [Growth(ROW, {10: 100, 100: 100, 1000: 50})], [])

    assert "| work | unit | 10 | 100 | 1,000 | times worse |" in page
    assert "| CSV | rows/s | 100 | 100 | 50 | 1.00, 2.00 |" in page
