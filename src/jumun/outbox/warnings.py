"""Warnings for the operator, shown by ``/readyz`` and ``manage.py work --status``. An app registers its own in its
``AppConfig.ready``.
"""

from collections.abc import Callable, Iterable

# Yields a code, which is public, and a sentence for the operator.
Warnings = Callable[[], Iterable[tuple[str, str]]]

_registered: list[Warnings] = []


def register_warnings(warnings: Warnings) -> None:
    """Ask ``warnings`` too. Registering it again changes nothing."""
    if warnings not in _registered:
        _registered.append(warnings)


def current_warnings() -> list[tuple[str, str]]:
    return [found for warnings in _registered for found in warnings()]
