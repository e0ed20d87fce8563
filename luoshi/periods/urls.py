from django.urls import path

from luoshi.periods import views

app_name = "periods"
urlpatterns = [
    path("", views.calendar, name="calendar"),
    path("<int:year>/seed/", views.seed, name="seed"),
    path("<str:date>/", views.set_day, name="set_day"),
]
