"""What the whole store uses: from a cart to the paid order, its invoice as PDF and its mail. Paywright counts apart."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from bench.household import PAYWRIGHT, SETTLE_S, STORE, household
from bench.row import OURS, Bench, Contestant, Row
from bench.stage import Stage

CPU = Row(
    name="cost-cpu",
    title="the whole store (web and worker), from cart to mailed invoice: processor time of 1,000 orders",
    unit="s",
    better="less",
)
CPU_PAYWRIGHT = Row(
    name="cost-cpu-paywright", title="the same: Paywright's processor time of 1,000 orders", unit="s", better="less"
)
PEAK = Row(name="cost-memory", title="the same: highest memory of the store", unit="MB", better="less")
IDLE = Row(name="cost-memory-idle", title="memory of `./run` before the first customer", unit="MB", better="less")
IDLE_PAYWRIGHT = Row(name="cost-memory-idle-paywright", title="of it: Paywright's", unit="MB", better="less")


@contextmanager
def contestants(stage: Stage) -> Iterator[Sequence[Contestant]]:
    count = 40
    with household() as store:
        time.sleep(SETTLE_S)
        idle, idle_paywright = store.memory_mb((*STORE, *PAYWRIGHT)), store.memory_mb(PAYWRIGHT)
        store.buy()  # imports, connections and templates are there from now on
        store.finish()

        def run() -> dict[str, float]:
            before, before_paywright, peak = store.cpu_s(STORE), store.cpu_s(PAYWRIGHT), 0.0
            for _ in range(count):
                store.buy()
                peak = max(peak, store.memory_mb(STORE))
            store.finish()
            return {
                CPU.name: (store.cpu_s(STORE) - before) * 1000 / count,
                CPU_PAYWRIGHT.name: (store.cpu_s(PAYWRIGHT) - before_paywright) * 1000 / count,
                PEAK.name: max(peak, store.memory_mb(STORE)),
                IDLE.name: idle,
                IDLE_PAYWRIGHT.name: idle_paywright,
            }

        yield [Contestant(OURS, run)]


BENCH = Bench(rows=(CPU, CPU_PAYWRIGHT, PEAK, IDLE, IDLE_PAYWRIGHT), contestants=contestants, grows=False)
