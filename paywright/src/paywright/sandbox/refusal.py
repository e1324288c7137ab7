"""Refusals with a text that can be translated."""


class Refusal(Exception):
    """``text`` is English with placeholders in braces, ``filled`` their values. The panel translates ``text``."""

    status = 400
    """The HTTP status that says so."""

    def __init__(self, text: str, **filled: object) -> None:
        super().__init__(text.format(**filled) if filled else text)
        self.text = text
        self.filled = filled
