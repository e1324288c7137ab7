"""Texts stored in Korean and in English."""

from typing import Any

from django.utils.translation import get_language


class Bilingual:
    """``name = Bilingual()`` reads ``name_ko`` or ``name_en`` by the active language, or the other if it is empty."""

    def __set_name__(self, _owner: type, name: str) -> None:
        self._name = name

    def __get__(self, instance: Any, _owner: type) -> str:
        if instance is None:
            return self  # type: ignore[return-value]  # a descriptor returns itself for its class
        korean: str = getattr(instance, f"{self._name}_ko")
        english: str = getattr(instance, f"{self._name}_en")
        prefers_korean = (get_language() or "").startswith("ko")
        return (korean or english) if prefers_korean else (english or korean)
