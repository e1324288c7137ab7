from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register
from django.core.files.storage import FileSystemStorage, InvalidStorageError

from jumun import email_addresses, tax_ids
from jumun.conf import InvalidSetting, JumunSettings, Paper, Seller, jumun, livemode
from jumun.countries import country_codes
from jumun.invoices.archive import ALIAS, storage
from jumun.invoices.numbers import PREFIX, PREFIX_MAX_CHARS, SELLER_CODE, TEST_PREFIX

PAPERS = get_args(Paper)
CHAIN_KEY_MIN_CHARS = 32


@register()
def check_settings(**_: Any) -> list[CheckMessage]:
    """Each problem of the settings that concern documents."""
    try:
        settings_ = jumun()
    except InvalidSetting:  # jumun.E001 reports it
        return []
    return [
        *_prefixes(settings_),
        *_demo_seller(settings_.seller),
        *_seller(settings_.seller),
        *_tax_id(settings_.seller),
        *_layout(settings_),
        *_chain_keys(settings_),
    ]


def _prefixes(settings_: JumunSettings) -> Iterator[CheckMessage]:
    """Real numbers cannot look like those of test payments."""
    prefixes = {"INVOICE_PREFIX": settings_.invoice_prefix, "CREDIT_NOTE_PREFIX": settings_.credit_note_prefix}
    for name, prefix in prefixes.items():
        if not _is_fit(prefix):
            hint = f"Up to {PREFIX_MAX_CHARS} of A-Z, 0-9 and hyphens between them; {TEST_PREFIX} is for test payments."
            yield Error(f'JUMUN["{name}"] is {prefix!r}.', hint=hint, id="jumun.E021")
    if settings_.invoice_prefix == settings_.credit_note_prefix:
        yield Error("Invoices and credit notes have the same prefix, and so the same numbers.", id="jumun.E025")
    code = settings_.seller.code
    if not SELLER_CODE.fullmatch(code) or code == TEST_PREFIX[:-1]:
        hint = f"Up to 10 of A-Z and 0-9, or nothing; {TEST_PREFIX[:-1]} is for test payments."
        yield Error(f'JUMUN["SELLER"]["CODE"] is {code!r}.', hint=hint, id="jumun.E026")


def _is_fit(prefix: str) -> bool:
    return bool(
        PREFIX.fullmatch(prefix) and len(prefix) <= PREFIX_MAX_CHARS and not f"{prefix}-".startswith(TEST_PREFIX)
    )


def _demo_seller(seller: Seller) -> Iterator[CheckMessage]:
    """Real invoices do not name the demo's seller."""
    if livemode() and seller.name == Seller().name:
        yield Error(
            f"Invoices for real money would come from {seller.name!r}, the demo's seller.",
            hint='Put your name, address and tax identifier into JUMUN["SELLER"].',
            id="jumun.E024",
        )


def _seller(seller: Seller) -> Iterator[CheckMessage]:
    """Invoices and mails name a seller whom customers can reach."""
    if not seller.name:
        yield Error('JUMUN["SELLER"]["NAME"] is blank.', id="jumun.E033")
    if seller.country not in country_codes():
        hint = "An ISO 3166-1 alpha-2 code in capitals, such as KR."
        yield Error(f'JUMUN["SELLER"]["COUNTRY"] is {seller.country!r}.', hint=hint, id="jumun.E034")
    if not email_addresses.is_valid(seller.email):
        hint = "Mails are sent from it and warnings to it. Write it like shop@example.com."
        yield Error(f'JUMUN["SELLER"]["EMAIL"] is {seller.email!r}.', hint=hint, id="jumun.E035")


def _tax_id(seller: Seller) -> Iterator[CheckMessage]:
    """A mistyped number on an invoice costs the customer the deduction of its tax."""
    try:
        written = tax_ids.normalized(seller.tax_id, seller.country)
    except tax_ids.InvalidTaxId as error:
        hint = "A Korean business registration number (123-45-67890), or a VAT identifier with its country's letters."
        yield Error(f'JUMUN["SELLER"]["TAX_ID"]: {error}', hint=hint, id="jumun.E027")
        return
    if written != seller.tax_id:
        hint = f"Write it as your customers know it: {written!r}."
        yield Warning(f'JUMUN["SELLER"]["TAX_ID"] is {seller.tax_id!r}.', hint=hint, id="jumun.W028")


def _layout(settings_: JumunSettings) -> Iterator[CheckMessage]:
    """The paper size is known, and the font folders exist."""
    for folder in settings_.invoice_font_folders:
        if not Path(folder).is_dir():
            yield Error(f'JUMUN["INVOICE_FONT_FOLDERS"]: there is no folder {folder}.', id="jumun.E030")
    if settings_.invoice_paper not in PAPERS:
        hint = f"One of {', '.join(map(repr, PAPERS))}."
        yield Error(f'JUMUN["INVOICE_PAPER"] is {settings_.invoice_paper!r}.', hint=hint, id="jumun.E029")


def _chain_keys(settings_: JumunSettings) -> Iterator[CheckMessage]:
    """The keys that seal documents are too long to guess."""
    for place, key in enumerate(settings_.document_chain_keys, start=1):
        if len(key) < CHAIN_KEY_MIN_CHARS:
            yield Error(
                f'JUMUN["DOCUMENT_CHAIN_KEYS"]: key {place} is shorter than {CHAIN_KEY_MIN_CHARS} characters.',
                hint='Make one with: python -c "import secrets; print(secrets.token_urlsafe(48))"',
                id="jumun.E036",
            )


@register()
def check_archive(**_: Any) -> list[CheckMessage]:
    """Invoices are archived in a folder that no web server publishes."""
    hint = (
        f'Add to STORAGES: "{ALIAS}": {{"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {{...}}}}.'
    )
    try:
        kept = storage()
    except InvalidStorageError as error:
        return [Error(f'STORAGES["{ALIAS}"], where invoices are archived: {error}', hint=hint, id="jumun.E022")]
    if isinstance(kept, FileSystemStorage) and _is_public(Path(kept.location)):
        return [
            Error(
                f'STORAGES["{ALIAS}"] keeps invoices in {kept.location}, which the web server publishes.',
                hint="Choose a folder outside MEDIA_ROOT and STATIC_ROOT.",
                id="jumun.E023",
            )
        ]
    return []


def _is_public(folder: Path) -> bool:
    published = [Path(root).resolve() for root in (settings.MEDIA_ROOT, settings.STATIC_ROOT) if root]
    return any(folder.resolve().is_relative_to(root) for root in published)
