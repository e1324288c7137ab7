"""The ASGI application: Stripe's API, the hosted page, and the sandbox's own routes."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import cached_property

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route, Router
from starlette.types import Receive, Scope, Send

from paywright.api.hosts import Guard, Hosts
from paywright.api.v1 import Api
from paywright.money.payouts import plan_daily
from paywright.sandbox.background import Background
from paywright.sandbox.control import Control
from paywright.sandbox.faults import Faults
from paywright.state.store import Store
from paywright.webhooks.listeners import Listeners

METHODS = ["GET", "POST", "DELETE", "PUT", "PATCH"]


def create_app(store: Store, faults: Faults, hosts: Hosts) -> Starlette:
    """Return the application on an open store, under the names of ``hosts``; it closes the store when it shuts down."""
    with store.transaction() as tx:
        plan_daily(tx)
    background = Background(store, faults)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        background.start()
        yield
        await background.stop()
        store.close()

    api = Api(store, background)
    return Starlette(
        routes=[
            Route("/v1/{rest:path}", api.respond, methods=METHODS),
            Route("/_paywright/health", _health),
            *Listeners(store, background).routes(),
            *Control(store, background).routes(),
            Mount("", _LoadedWhenAsked(lambda: _pages(store, background))),
        ],
        exception_handlers={404: api.unrecognized, 405: api.unrecognized, Exception: api.defect},
        lifespan=lifespan,
        middleware=[Middleware(Guard, hosts)],
    )


class _LoadedWhenAsked:
    """Routes whose modules are imported at the first request for one of them, so that tests start sooner."""

    def __init__(self, load: Callable[[], list[BaseRoute]]) -> None:
        self._load = load

    @cached_property
    def _router(self) -> Router:
        return Router(self._load())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._router(scope, receive, send)


def _pages(store: Store, background: Background) -> list[BaseRoute]:
    """The pages for people: the hosted page and the control panel."""
    from starlette.staticfiles import StaticFiles

    from paywright.hosted.page import HostedPage
    from paywright.panel.actions import Actions
    from paywright.panel.pages import Pages

    return [
        *HostedPage(store, background).routes(),
        *Pages(store, background.faults).routes(),
        *Actions(store, background).routes(),
        Mount("/_paywright/static", StaticFiles(packages=[("paywright", "static")])),
    ]


async def _health(request: Request) -> Response:
    return JSONResponse({"status": "ok"})
