"""Columns in a terminal, where a Korean letter takes two places."""

import unicodedata


def width(text: str) -> int:
    """The places that the text takes."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def padded(text: str, to: int) -> str:
    """The text with blanks after it, up to so many places."""
    return text + " " * (to - width(text))
