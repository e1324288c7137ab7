"""Invariant I4: every document has its seal and follows the one before it; see `jumun.invoices.chain`.

Only numbers, times, hashes and seals are read; `document_check` compares the hash with the text.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from jumun.invoices import chain
from jumun.invoices.chain import Verdict
from jumun.invoices.models import ArchivedPdf, Cancellation, CreditNote, Invoice, IssuedDocument, Series

# The number of a document, and the problem.
Wrong = Iterator[tuple[str, str]]
CHUNK = 2000


@dataclass(frozen=True, slots=True)
class _Link:
    """The parts of a document that its seal covers."""

    number: str
    issued_at: datetime
    sha256: str
    seal: str

    @property
    def series(self) -> str:
        return self.number.rpartition("-")[0]

    @property
    def place(self) -> int:
        return place_of(self.number)


def place_of(number: str) -> int:
    """The place of a document in its series; 0 if the text is not a document number."""
    tail = number.rpartition("-")[2]
    return int(tail) if tail.isdecimal() else 0


class _Unknown:
    """Documents whose key is not configured, reported as one range for each key."""

    def __init__(self) -> None:
        self._from_to: dict[tuple[str, str], tuple[str, str]] = {}

    def add(self, series: str, seal: str, number: str) -> None:
        first, _last = self._from_to.get((series, chain.key_name(seal)), (number, number))
        self._from_to[series, chain.key_name(seal)] = first, number

    def reported(self) -> Wrong:
        for (_series, key), (first, last) in self._from_to.items():
            subject = first if first == last else f"{first} ... {last}"
            yield subject, _("the key %(key)s that sealed it is not configured, so nothing is proven") % {"key": key}


def seals_that_differ() -> Wrong:
    """Documents that were changed or whose predecessor is missing, and series whose last documents are missing."""
    unknown = _Unknown()
    last: dict[str, _Link] = {}
    for links in (_links(Invoice), _woven(_links(CreditNote), _links(Cancellation))):
        yield from _differing(links, last, unknown)
    for series in Series.objects.all():
        yield from _head_differs(series, last.get(str(series)), unknown)
    yield from unknown.reported()


def _links(model: type[IssuedDocument]) -> Iterator[_Link]:
    """In the order of issue, which is that of the keys: a series is locked from taking a number to the commit."""
    rows = model._default_manager.order_by("pk").values_list("number", "issued_at", "document_sha256", "seal")
    return (_Link(*row) for row in rows.iterator(chunk_size=CHUNK))


def _woven(many: Iterator[_Link], few: Iterable[_Link]) -> Iterator[_Link]:
    """Both, ordered by number; ``few`` is held in memory."""
    waiting: dict[str, list[_Link]] = {}
    for link in few:
        waiting.setdefault(link.series, []).append(link)
    for links in waiting.values():
        links.sort(key=lambda link: link.place, reverse=True)
    for link in many:
        before = waiting.get(link.series, [])
        while before and before[-1].place < link.place:
            yield before.pop()
        yield link
    for links in waiting.values():
        yield from reversed(links)


def _differing(links: Iterable[_Link], last: dict[str, _Link], unknown: _Unknown) -> Wrong:
    for link in links:
        before = last.get(link.series)
        last[link.series] = link
        parts = (link.number, link.issued_at, link.sha256, before.seal if before else "")
        match chain.check_seal(link.seal, *parts):
            case Verdict.UNKNOWN_KEY:
                unknown.add(link.series, link.seal, link.number)
            case Verdict.FORGED if before and before.place + 1 != link.place:
                yield (
                    link.number,
                    _("does not follow %(before)s: what came between is missing, or one was changed")
                    % {"before": before.number},
                )
            case Verdict.FORGED:
                yield (
                    link.number,
                    _("its seal is not its own: it was changed, or one before it is gone"),
                )


def _head_differs(series: Series, last: _Link | None, unknown: _Unknown) -> Wrong:
    if not (last or series.head or series.last_seal):
        return  # nothing was issued yet
    if last and series.last_seal != last.seal:
        yield str(series), _("does not end with %(last)s: what came after it is missing") % {"last": last.number}
        return
    match chain.check_head(series.head, str(series), series.last_seal):
        case Verdict.UNKNOWN_KEY:
            unknown.add(str(series), series.head, last.number if last else str(series))
        case Verdict.FORGED:
            yield str(series), _("its head is not the one of its last document: the counter was set by hand")
    if last is None:
        yield str(series), _("has issued documents, and none is left")


def archived_records_that_differ() -> Wrong:
    """Records of archived PDFs that were changed."""
    unknown = _Unknown()
    for archived in ArchivedPdf.objects.order_by("pk").iterator(chunk_size=CHUNK):
        match chain.check_record(archived.seal, *archived.sealed()):
            case Verdict.UNKNOWN_KEY:
                unknown.add("", archived.seal, archived.name)
            case Verdict.FORGED:
                yield archived.name, _("the record of this file is not the one that was made when it was archived")
    yield from unknown.reported()
