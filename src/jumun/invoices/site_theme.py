"""How the documents of this site look: the templates that it overrides, and its settings."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

from django.core.signals import setting_changed
from django.dispatch import receiver
from django.template import engines
from django.template.backends.django import DjangoTemplates

from jumun.conf import jumun
from jumun.invoices.documents.theme import DEFAULT_THEME, FONTS, Theme

TEMPLATE = "jumun/invoice.typ"
LOGOS = ("jumun/invoice-logo.svg", "jumun/invoice-logo.png", "jumun/invoice-logo.jpg")


@cache
def site_theme() -> Theme:
    """The theme of this site. Its files are looked for as Django's templates are: the project's come before ours.

    Read once: a process sees a new logo after a restart.
    """
    settings = jumun()
    logo = next((path for name in LOGOS for path in _files(name)), None)
    return Theme(
        template=next(_files(TEMPLATE), DEFAULT_THEME.template),
        font_folders=(FONTS, *map(Path, settings.invoice_font_folders)),
        logo=logo.read_bytes() if logo else None,
        paper=settings.invoice_paper,
    )


def _files(name: str) -> Iterator[Path]:
    """The files of that name in the template folders, the overriding one first. They are not Django templates."""
    for engine in engines.all():
        if isinstance(engine, DjangoTemplates):
            for loader in engine.engine.template_loaders:
                for origin in loader.get_template_sources(name):
                    if (path := Path(origin.name)).is_file():
                        yield path


@receiver(setting_changed)
def _forget(*, setting: str, **_: object) -> None:
    if setting in {"JUMUN", "TEMPLATES", "INSTALLED_APPS"}:
        site_theme.cache_clear()
