from collections.abc import Callable

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

Staff = Callable[..., Client]


@pytest.fixture
def staff(db) -> Staff:
    """``staff("jumun_orders.view_order", ...)``: a browser of a member of staff with those permissions."""

    def log_in(*permissions: str, language: str = "en", is_superuser: bool = False) -> Client:
        user = User.objects.create_user(f"staff{User.objects.count()}", is_staff=True, is_superuser=is_superuser)
        for name in permissions:
            app_label, codename = name.split(".")
            user.user_permissions.add(Permission.objects.get(content_type__app_label=app_label, codename=codename))
        client = Client(headers={"accept-language": language})
        client.force_login(user)
        return client

    return log_in
