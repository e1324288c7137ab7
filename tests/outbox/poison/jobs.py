import os
import time

from jumun.outbox.handlers import job
from jumun.outbox.lanes import Lane
from tests.outbox.poison.ways import CAUGHT, DEADLY


@job("poison.innocent", lane=Lane.MONEY)
def innocent() -> None: ...


@job("poison.slow_innocent", lane=Lane.MONEY, network=True)
def slow_innocent() -> None:
    time.sleep(1)


for _name, _act in (CAUGHT | DEADLY).items():
    for _lane in Lane:
        job(f"poison.{_name}.{_lane}", lane=_lane)(_act)


@job("poison.every_hour", lane=Lane.UPKEEP, network=True, every_s=3600)
def every_hour() -> None:
    os.abort()
