"""What cannot be done, in words that can be said in another language."""


class Refusal(Exception):
    """``text`` is English with gaps in braces, ``filled`` what belongs in them; the panel translates the former."""

    status = 400
    """The HTTP status that says so."""

    def __init__(self, text: str, **filled: object) -> None:
        super().__init__(text.format(**filled) if filled else text)
        self.text = text
        self.filled = filled
