"""Jumun's own pages inside the admin site in which a ModelAdmin is registered, whatever its name."""

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
    """The context of the site's base template and of ours."""
    return {
        **model_admin.admin_site.each_context(request),
        "title": title,
        "opts": model_admin.opts,
        "media": model_admin.media,
    }


def to_page(model_admin: "ModelAdmin[Any]", name: str, *args: Any) -> HttpResponseBase:
    """Redirect to the page of that name on the same site."""
    return redirect(reverse(f"admin:{name}", args=args, current_app=model_admin.admin_site.name))
