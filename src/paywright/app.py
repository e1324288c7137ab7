"""The ASGI application: Stripe's API, the hosted page, and the sandbox's own routes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from paywright.api import Api
from paywright.background import Background
from paywright.control import Control
from paywright.faults import Faults
from paywright.hosted.page import HostedPage
from paywright.listeners import Listeners
from paywright.money.payouts import plan_daily
from paywright.panel.actions import Actions
from paywright.panel.pages import Pages
from paywright.store import Store

METHODS = ["GET", "POST", "DELETE", "PUT", "PATCH"]


def create_app(store: Store, faults: Faults) -> Starlette:
    """Return the application on an open store; it closes the store when it shuts down."""
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
            *HostedPage(store, background).routes(),
            *Control(store, background).routes(),
            *Pages(store, faults).routes(),
            *Actions(store, background).routes(),
            Mount("/_paywright/static", StaticFiles(packages=[("paywright", "static")])),
        ],
        exception_handlers={404: api.unrecognized, 405: api.unrecognized, Exception: api.defect},
        lifespan=lifespan,
    )


async def _health(request: Request) -> Response:
    return JSONResponse({"status": "ok"})
