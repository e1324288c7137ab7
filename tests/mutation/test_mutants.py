"""The mutation tester: what it changes, what it leaves alone, and that its list of equivalent mutants is of today."""

from pathlib import Path

import pytest

from tests.mutation import mutants
from tests.mutation.equivalent import equivalent_mutants, stale_entries
from tests.mutation.mutants import Mutant, mutants_of

pytestmark = pytest.mark.once


@pytest.fixture
def changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The changes of a module's text, by what is changed."""
    monkeypatch.setattr(mutants, "ROOT", tmp_path)
    mutants_of.cache_clear()

    def changes(text: str) -> list[str]:
        (tmp_path / "module.py").write_text(text)
        mutants_of.cache_clear()
        return [mutant.change for mutant in mutants_of("module.py")]

    yield changes
    mutants_of.cache_clear()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a < b", ["a < b -> a <= b"]),
        ("a == b", ["a == b -> a != b"]),
        ("a and b", ["a and b -> b", "a and b -> a"]),
        ("a + 1", ["a + 1 -> a - 1", "a + 1 -> a + 2"]),
        ("not a", ["not a -> a"]),
        ("a if b else c", ["a if b else c -> a", "a if b else c -> c"]),
        ("f(a=b)", ["f(a=b) -> pass", "f(a=b) -> f()"]),
        (
            "rows = all.filter(a, b)",
            ["all.filter(a, b) -> all", "all.filter(a, b) -> all.filter(b)", "all.filter(a, b) -> all.filter(a)"],
        ),
        ("if a: b = c", ["if a: ... -> if a or True: ...", "if a: ... -> if a and False: ..."]),
        ("with atomic(): a = b", ["with atomic(): ... -> if True: ..."]),
        ("[a for a in b if a]", ["[a for a in b if a] -> [a for a in b]"]),
        ("a[:b]", ["a[:b] -> a[:]"]),
        ("min(a, b)", ["min(a, b) -> pass", "min(a, b) -> a", "min(a, b) -> b"]),
        ("{'a': b, 'c': d}", ["{'a': b, 'c': d} -> {'c': d}", "{'a': b, 'c': d} -> {'a': b}"]),
        ("try: a = b\nexcept E: c = d", ["except E: ... -> except E: raise"]),
        ("a.b = c", ["a.b = c -> pass"]),
    ],
)
def test_what_is_changed(changes, text: str, expected: list[str]) -> None:
    assert changes(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        '"""1 < 2"""',
        "from a import b",
        "def f(a: int = None) -> list[1]: pass",
        "class A:\n    class Meta:\n        ordering = [1, 2]\n    b = models.CharField(max_length=5)",
        "class S(models.TextChoices):\n    A = 'a', _('a')",
        "def __str__(self): return a < b",
        "text = f'{a < b}'",
        "rows = zip(a, b, strict=True)",
        "__all__ = ['a', 'b']",
    ],
)
def test_what_is_no_behaviour_is_left_as_it_is(changes, text: str) -> None:
    assert changes(text) == []


def test_equal_changes_of_one_function_are_told_apart(changes) -> None:
    assert changes("def f(): a.b = 1; a.b = 1")[::2] == ["a.b = 1 -> pass", "a.b = 1 -> pass (2)"]


def test_each_mutant_is_its_module_with_one_change(changes, tmp_path: Path) -> None:
    changes("def f(a, b):\n    return a < b and a + 1\n")
    codes = {
        mutant.code().co_consts[0].co_code + repr(mutant.code().co_consts[0].co_consts).encode()
        for mutant in mutants_of("module.py")
    }
    assert len(codes) == len(mutants_of("module.py")) == 5


def test_a_mutant_knows_where_it_has_its_effect(changes) -> None:
    changes("LIMIT = 1\ndef f(a=2):\n    return a + 3\n")
    found: list[Mutant] = mutants_of("module.py")
    assert [(mutant.scope, mutant.within_function, mutant.names) for mutant in found] == [
        ("", False, ("LIMIT",)),
        ("f", False, ()),
        ("f", True, ()),
        ("f", True, ()),
    ]


def test_every_entry_of_the_list_names_a_mutant_of_today_and_a_reason() -> None:
    assert stale_entries() == []
    assert all(len(reason.split()) > 3 for reason in equivalent_mutants().values())
