"""Carries out a plan's steps in a world: people at the same time, kills at any instant, moves of the clock between."""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Semaphore

from tests.chaos import bank, buyers, engine, hanging, loss, mistakes, staff, steps, stranger, wrong_clock
from tests.chaos.books import Books
from tests.chaos.people import Seen
from tests.chaos.readiness import Readiness
from tests.chaos.world import World

PEOPLE_AT_ONCE = 8
STEP_TIMEOUT_S = 600


class Play:
    """One run of a plan."""

    def __init__(self, world: World, say: Callable[[str], None]) -> None:
        self.world = world
        self.seen = Seen()
        self._say = say
        self._arrivals: dict[int, Future[None]] = {}
        self._room = Semaphore(PEOPLE_AT_ONCE)
        self._under_way: list[Future[None]] = []
        self._doomed: Future[None] = Future()
        self._doomed.set_result(None)

    def run(self) -> Seen:
        """Carry out every step; raises the first error of one that cannot be."""
        planned = self.world.plan.steps
        world, books = self.world, Books(self.world)
        with (
            Readiness(world.store_url, books, world.clock.now, lambda: world.is_calm) as readiness,
            ThreadPoolExecutor(PEOPLE_AT_ONCE) as self._people,
            ThreadPoolExecutor(1) as self._fate,
            ThreadPoolExecutor(1) as self._post,
            ThreadPoolExecutor(1) as self._engines,
        ):
            for number, step in enumerate(planned, start=1):
                self._begin(step)
                if number % 50 == 0:
                    self._say(f"step {number} of {len(planned)}")
            self._all_done()
        self.seen.outcome("answers of /readyz that were judged", readiness.asked)
        self.seen.wrong += readiness.wrong
        return self.seen

    def _begin(self, step: steps.Step) -> None:
        world, seen, people = self.world, self.seen, self._people
        match step:
            case steps.Arrive(buyer):
                self._arrivals[buyer.number] = self._send(people, buyers.arrive, world, seen, buyer)
            case steps.OpenLate(buyer):
                self._after_arrival(people, buyer, lambda: buyers.open_late(world, seen, buyer))
            case steps.PayLate(buyer, delay_s):
                self._send(people, self._later, delay_s, lambda: buyers.pay_late(world, seen, buyer))
            case steps.Refund(buyer):
                self._after_arrival(people, buyer, lambda: staff.refund(world, seen, step))
            case steps.RefundLines(buyer):
                self._after_arrival(people, buyer, lambda: staff.refund_lines(world, seen, step))
            case steps.Replay(buyer):
                self._after_arrival(people, buyer, lambda: staff.replay(world, seen, step))
            case steps.Cancel(_buyer, delay_s):
                self._send(people, self._later, delay_s, lambda: staff.cancel(world, seen, step))
            case steps.DashboardRefund(buyer):
                self._after_arrival(people, buyer, lambda: bank.refund_at_stripe(world, seen, step))
            case steps.Dispute(buyer):
                self._after_arrival(people, buyer, lambda: bank.dispute(world, seen, step))
            case steps.Kill(process, delay_s):
                self._doom(self._later, delay_s, lambda: world.kill(process))
            case steps.RestartDatabase(crash, delay_s):
                self._doom(self._later, delay_s, lambda: world.restart_database(crash=crash))
            case steps.Advance(minutes):
                self._all_done()
                # A lease outlived by such a leap would be lost to another worker, and a mail sent twice.
                with world.without_workers():
                    world.advance(minutes)
            case steps.Webhooks(on):
                self._doom(lambda: world.set_faults(webhooks=on))
            case steps.HangStripe():
                # In line with the kills: an event that waits for a worker that was killed says nothing of Stripe.
                self._doom(hanging.hang_stripe, world, seen, step)
            case steps.HangMail():
                self._submit(self._post, hanging.hang_mail, world, seen, step)
            case steps.WrongClock():
                self._strike(wrong_clock.wrong_clock, world, seen, step)
            case steps.WrongSecret():
                self._strike(mistakes.wrong_secret, world, seen, step)
            case steps.AnotherAccount():
                self._strike(mistakes.another_account, world, seen, step)
            case steps.Stockpile():
                # In line with the wrong clock, under which unpaid orders end and leave room for others.
                self._strike(stranger.stockpile, world, seen, step)
            case steps.BackUp():
                self._strike(loss.back_up, world, seen)
            case steps.LoseEverything():
                self._strike(loss.lose_everything, world, seen, step)
            case steps.KillEngine():
                self._submit(self._engines, engine.kill_engine, world, seen, step)

    def _after_arrival(self, people: ThreadPoolExecutor, buyer: steps.Buyer, act: Callable[[], None]) -> None:
        """Wait for the buyer's own visit: staff cannot refund what nobody has ordered yet."""
        arrival = self._arrivals[buyer.number]

        def wait_and_act() -> None:
            arrival.result(STEP_TIMEOUT_S)
            act()

        self._send(people, wait_and_act)

    def _send(self, people: ThreadPoolExecutor, act: Callable[..., None], *arguments: object) -> Future[None]:
        """Send somebody on their way once there is room in the shop, so that every step has its turn."""
        self._room.acquire()
        future = self._submit(people, act, *arguments)
        future.add_done_callback(lambda _done: self._room.release())
        return future

    def _doom(self, act: Callable[..., None], *arguments: object) -> None:
        """Have it done after all else that was to be done to the store, one thing after the other."""
        self._doomed = self._submit(self._fate, act, *arguments)

    def _strike(self, act: Callable[..., None], *arguments: object) -> None:
        """The same, but let nobody else come before its turn: those who come next are to meet it."""
        self._doomed.result(STEP_TIMEOUT_S)
        self._doom(act, *arguments)

    def _submit(self, pool: ThreadPoolExecutor, act: Callable[..., None], *arguments: object) -> Future[None]:
        future = pool.submit(act, *arguments)
        self._under_way.append(future)
        return future

    @staticmethod
    def _later(delay_s: float, act: Callable[[], None]) -> None:
        time.sleep(delay_s)
        act()

    def _all_done(self) -> None:
        for future in self._under_way:
            future.result(STEP_TIMEOUT_S)
        self._under_way.clear()
