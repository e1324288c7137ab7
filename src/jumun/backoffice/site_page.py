"""Pages of Jumun's own inside the admin site in which a ModelAdmin is registered, whatever that site is called."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.admin import ModelAdmin
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse

Page = Callable[..., HttpResponseBase]


def site_page(model_admin: "ModelAdmin[Any]", page: Page) -> Page:
    """``page(request, ..., model_admin=model_admin)`` behind the site's login."""

    @wraps(page)
    def within(request: HttpRequest, *args: Any, **more: Any) -> HttpResponseBase:
        return page(request, *args, model_admin=model_admin, **more)

    return model_admin.admin_site.admin_view(within)


def page_context(model_admin: "ModelAdmin[Any]", request: HttpRequest, title: Any) -> dict[str, Any]:
    """What the site's base template and ours need."""
    return {
        **model_admin.admin_site.each_context(request),
        "title": title,
        "opts": model_admin.opts,
        "media": model_admin.media,
    }


def to_page(model_admin: "ModelAdmin[Any]", name: str, *args: Any) -> HttpResponseBase:
    """A redirect to the page of that name on the same site."""
    return redirect(reverse(f"admin:{name}", args=args, current_app=model_admin.admin_site.name))
