"""Templates that do to the engine what a text or a site's template can: real ones, set by the real engine."""

from pathlib import Path

from jumun.invoices.documents.theme import Theme

HEAD = '#set document(title: "Fault", date: auto)\n'
FAULTS = {
    # Typst 0.15 panics when it breaks a line of Syriac, which our fonts do not have.
    "panics": '#set text(font: "Pretendard JP")\n#for code in range(0x700, 0x750) [#str.from-unicode(code) ]',
    "hangs": "#for i in range(100000) { for j in range(100000) { } }",
    "grows": "#let all = range(1000000000)",
    "overflows its stack": "#let x = [a]\n#for i in range(100000) { x = box(x) }\n#x",
}


def faulty(folder: Path, fault: str) -> Theme:
    """A theme whose template has that fault."""
    return Theme(template=template(folder, FAULTS[fault]))


def template(folder: Path, source: str) -> Path:
    """A site's template, which gets the document as `data`."""
    path = folder / "invoice.typ"
    path.write_text(f"{HEAD}#let data = json(bytes(sys.inputs.document))\n{source}\n", encoding="utf-8")
    return path
