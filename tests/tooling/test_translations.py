import re

import pytest
from babel.messages.pofile import read_po

from tools.translations import ROOT, out_of_step, owners

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
