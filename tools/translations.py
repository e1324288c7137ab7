"""Keep the Korean catalogues in step with the sources: extract, merge, compile. Needs Babel and Django, no GNU gettext.

    .venv/bin/python tools/translations.py            update and compile every catalogue; say what is left to translate
    .venv/bin/python tools/translations.py --check    change nothing; exit 1 if a catalogue is out of step

Each app has its own catalogue in `locale/ko/LC_MESSAGES/`. Compiled catalogues are committed: a project that installs
Jumun has no compiler for them.
"""

import argparse
import io
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from babel.messages import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
LANGUAGE = "ko"
SKIPPED = {"__pycache__", "migrations", "locale", "static"}
KEYWORDS: dict[str, Any] = {
    **dict.fromkeys(("_", "gettext", "gettext_lazy", "gettext_noop")),
    **dict.fromkeys(("ngettext", "ngettext_lazy"), (1, 2)),
    **dict.fromkeys(("pgettext", "pgettext_lazy"), ((1, "c"), 2)),
    **dict.fromkeys(("npgettext", "npgettext_lazy"), ((1, "c"), 2, 3)),
}


@dataclass(frozen=True, slots=True)
class Owner:
    """A folder with a catalogue of its own, without the folders in it that have theirs."""

    folder: Path

    @property
    def po(self) -> Path:
        """The catalogue that translators edit."""
        return self.folder / "locale" / LANGUAGE / "LC_MESSAGES" / "django.po"

    @property
    def mo(self) -> Path:
        """The compiled catalogue that programs read."""
        return self.po.with_suffix(".mo")

    def sources(self) -> Iterator[Path]:
        """Python files and templates whose text belongs to this catalogue, in a stable order."""
        nested = {other.folder for other in owners() if self.folder in other.folder.parents}
        for path in sorted(self.folder.rglob("*")):
            belongs = not nested & set(path.parents) and not SKIPPED & set(path.parts)
            if belongs and path.suffix in {".py", ".html", ".txt"}:
                yield path


def owners() -> list[Owner]:
    """Every folder that may have a catalogue: each app of Jumun, what they share, and the shop."""
    jumun = ROOT / "src" / "jumun"
    apps = sorted(path.parent for path in jumun.glob("*/apps.py"))
    return [Owner(jumun), *map(Owner, apps), Owner(ROOT / "shop")]


def template(owner: Owner) -> Catalog:
    """All messages of the owner's sources, untranslated."""
    catalogue = Catalog(fuzzy=False)
    for path in owner.sources():
        for _line, message, comments, context in _messages(path):
            location = (path.relative_to(owner.folder).as_posix(), 0)
            catalogue.add(message, None, [location], auto_comments=comments, context=context)
    return catalogue


def _messages(path: Path) -> Iterator[Any]:
    content = path.read_bytes() if path.suffix == ".py" else _as_python(path.read_bytes())
    yield from extract("python", io.BytesIO(content), KEYWORDS, comment_tags=("Translators:",))


def _as_python(content: bytes) -> bytes:
    """A Django template as the Python that Django's own makemessages would hand to xgettext."""
    from django.utils.translation.template import templatize

    # Everything that is no message becomes a row of X; its indentation would be a syntax error.
    return "\n".join(line.strip() for line in templatize(content.decode()).splitlines()).encode()


def updated(owner: Owner) -> Catalog:
    """The owner's catalogue, brought in step with its sources."""
    messages = template(owner)
    catalogue = _empty() if not owner.po.exists() else read_po(io.BytesIO(owner.po.read_bytes()), locale=LANGUAGE)
    catalogue.update(messages, no_fuzzy_matching=True, update_creation_date=False)
    return catalogue


def _empty() -> Catalog:
    return Catalog(
        locale=LANGUAGE,
        header_comment="# Korean texts of Jumun. Copyright (c) 2026 The Jumun developers, MIT License.\n#",
        project="Jumun",
        version="0",
        msgid_bugs_address="none",
        last_translator="The Jumun developers",
        language_team="Korean",
        revision_date=datetime.now(UTC),
        fuzzy=False,
    )


def po_bytes(catalogue: Catalog) -> bytes:
    """The catalogue as text: without line numbers, so that moving code does not change it."""
    written = io.BytesIO()
    write_po(written, catalogue, width=120, ignore_obsolete=True, include_lineno=False)
    return written.getvalue()


def mo_bytes(catalogue: Catalog) -> bytes:
    """The catalogue, compiled."""
    written = io.BytesIO()
    write_mo(written, catalogue)
    return written.getvalue()


def untranslated(catalogue: Catalog) -> list[str]:
    """The messages that have no translation, or one that a person has yet to confirm."""
    missing = []
    for message in catalogue:
        forms = message.string if isinstance(message.string, (tuple, list)) else (message.string,)
        if message.id and (message.fuzzy or not all(forms)):
            missing.append(str(message.id))
    return missing


def out_of_step(owner: Owner) -> list[str]:
    """What is wrong with the owner's catalogue; empty if nothing is."""
    if not owner.po.exists():
        return [f"{owner.po.relative_to(ROOT)} is missing"] if len(template(owner)) else []
    catalogue = updated(owner)
    wrong = [f"{owner.po.relative_to(ROOT)}: not translated: {message!r}" for message in untranslated(catalogue)]
    if po_bytes(catalogue) != owner.po.read_bytes():
        wrong.append(f"{owner.po.relative_to(ROOT)} is not in step with the sources")
    if not owner.mo.exists() or mo_bytes(catalogue) != owner.mo.read_bytes():
        wrong.append(f"{owner.mo.relative_to(ROOT)} is not compiled from it")
    return wrong


def update(owner: Owner) -> list[str]:
    """Write both files of a catalogue that has messages; return what is left to translate."""
    catalogue = updated(owner)
    if not len(catalogue):
        return []
    owner.po.parent.mkdir(parents=True, exist_ok=True)
    owner.po.write_bytes(po_bytes(catalogue))
    owner.mo.write_bytes(mo_bytes(catalogue))
    return [f"{owner.po.relative_to(ROOT)}: not translated: {message!r}" for message in untranslated(catalogue)]


def main() -> int:
    """Do as the arguments say; 1 where something is left to do."""
    parser = argparse.ArgumentParser(description="Bring the Korean catalogues in step with the sources.")
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 if a catalogue is out of step")
    work = out_of_step if parser.parse_args().check else update
    left = [line for owner in owners() for line in work(owner)]
    print("\n".join(left) or "All catalogues are translated and compiled.")
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
