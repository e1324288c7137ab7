"""How many examples Hypothesis makes up where each costs statements of a database.

``./test tests/payments --hypothesis-profile thorough`` makes ten times as many of everything.
"""

from hypothesis import settings

some = settings(max_examples=settings.default.max_examples // 4)
few = settings(max_examples=3 * settings.default.max_examples // 100)
half = settings(max_examples=settings.default.max_examples // 2)
