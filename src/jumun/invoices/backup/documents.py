"""The documents' archive as a whole: its names, and the numbers that they tell of."""

from collections.abc import Iterator

from jumun.invoices import archive
from jumun.invoices.numbers import parse_number


def names(folder: str = "") -> Iterator[str]:
    """Every file of the archive, but for those that are just being written."""
    try:
        folders, files = archive.storage().listdir(folder)
    except FileNotFoundError:
        return
    for file in sorted(files):
        if not file.endswith(archive.PART):
            yield f"{folder}/{file}" if folder else file
    for inner in sorted(folders):
        yield from names(f"{folder}/{inner}" if folder else inner)


def highest_numbers() -> dict[str, int]:
    """By series, the highest number that a file of the archive bears."""
    highest: dict[str, int] = {}
    for name in names():
        try:
            series, number = parse_number(name.rpartition("/")[2])
        except ValueError:
            continue
        highest[series] = max(number, highest.get(series, 0))
    return highest
