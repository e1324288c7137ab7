from django.contrib import admin
from django.urls import include, path
from django.utils.translation import gettext_lazy as _

admin.site.site_header = admin.site.site_title = _("Jumun backoffice")
admin.site.index_title = _("Overview")

handler400 = "jumun.views.bad_request"
handler403 = "jumun.views.permission_denied"
handler404 = "jumun.views.page_not_found"
handler500 = "jumun.views.server_error"

urlpatterns = [
    path("admin/", admin.site.urls),
    path("i18n/", include("django.conf.urls.i18n")),
    path("", include("jumun.urls")),
]
