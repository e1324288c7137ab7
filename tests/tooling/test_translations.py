import io
import re
from collections import defaultdict
from pathlib import Path
from typing import Any

import django
import pytest
from babel.messages.pofile import read_po
from django.utils import translation

from tools.translations import ROOT, out_of_step, owners

pytestmark = pytest.mark.once

PO = Path("locale", "ko", "LC_MESSAGES", "django.po")
OWNERS = [pytest.param(owner, id=str(owner.folder.relative_to(ROOT))) for owner in owners()]


def catalogue(owner):
    if not owner.po.exists():
        return []
    with owner.po.open("rb") as file:
        return [message for message in read_po(file, locale="ko") if message.id]


@pytest.mark.parametrize("owner", OWNERS)
def test_the_catalogue_is_complete_and_compiled(owner):
    assert out_of_step(owner) == [], "run: .venv/bin/python tools/translations.py"


@pytest.mark.parametrize("owner", OWNERS)
def test_a_translation_has_the_placeholders_of_its_message(owner):
    def placeholders(text):
        return set(re.findall(r"%\(\w+\)[sd]|%[sd]|\{\w*[^}]*\}", text))

    for message in catalogue(owner):
        allowed = placeholders(" ".join([message.id] if isinstance(message.id, str) else message.id))
        translated = [message.string] if isinstance(message.string, str) else message.string
        assert all(placeholders(text) == allowed for text in translated), message.id


DJANGO = Path(django.__file__).parent
DJANGO_CATALOGUES = [DJANGO / "conf" / PO, *sorted(DJANGO.glob(f"contrib/*/{PO}"))]


def test_no_message_is_translated_in_two_ways() -> None:
    """Django merges the catalogues of all apps into one: the first app's translation is shown in every other."""
    found: Any = defaultdict(lambda: defaultdict(set))
    for path in [*(owner.po for owner in owners()), *DJANGO_CATALOGUES]:
        messages: Any = read_po(io.BytesIO(path.read_bytes()), locale="ko") if path.exists() else []
        for message in messages:
            text = message.string if isinstance(message.string, str) else message.string[0]
            msgid = message.id if isinstance(message.id, str) else message.id[0]
            if msgid and text and not message.fuzzy:
                found[message.context, msgid][text].add(path)
    assert len(DJANGO_CATALOGUES) > 5
    ours = {owner.po for owner in owners()}
    twice = {key: texts for key, texts in found.items() if len(texts) > 1 and ours & set().union(*texts.values())}
    assert twice == {}, 'give a short word a context: pgettext("dispute", "open")'


@pytest.mark.parametrize(
    ("context", "message", "words"),
    [
        (None, "status", "상태"),
        (None, "open", "열림"),
        ("dispute", "open", "미해결"),
        (None, "Refunded", "환불 완료"),
        ("amount", "Refunded", "환불액"),
        (None, "All", "모두"),
        ("products", "All", "전체"),
    ],
)
def test_short_words_read_as_they_are_meant(context, message, words):
    with translation.override("ko"):
        assert (translation.pgettext(context, message) if context else translation.gettext(message)) == words
