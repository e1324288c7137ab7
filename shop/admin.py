"""The store's staff: a login that is throttled, and Django's pages of users and groups, whose lists answer no more than
Jumun's.
"""

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangosGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangosUserAdmin
from django.contrib.auth.models import Group, User

from jumun.backoffice.login import LoginForm
from jumun.backoffice.model_admin import ModelAdmin

admin.site.login_form = LoginForm

admin.site.unregister([User, Group])


@admin.register(User)
class UserAdmin(ModelAdmin, DjangosUserAdmin):  # type: ignore[type-arg]  # takes no type argument at run time
    pass


@admin.register(Group)
class GroupAdmin(ModelAdmin, DjangosGroupAdmin):
    pass
