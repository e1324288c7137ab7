"""What else an operator should look at: an app adds its own in its ``AppConfig.ready``. Shown by ``/readyz`` and by
``manage.py work --status``.
"""

from collections.abc import Callable, Iterable

# Yields a code, which anybody may read, and a sentence for the operator.
Warnings = Callable[[], Iterable[tuple[str, str]]]

_registered: list[Warnings] = []


def register_warnings(warnings: Warnings) -> None:
    """Ask ``warnings`` too; repeated registration changes nothing."""
    if warnings not in _registered:
        _registered.append(warnings)


def current_warnings() -> list[tuple[str, str]]:
    """All that is wrong now."""
    return [found for warnings in _registered for found in warnings()]
