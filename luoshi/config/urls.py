"""Which room answers which path."""

from django.urls import include, path

urlpatterns = [
    path("", include("luoshi.desk.urls")),
]
