from django.urls import path

from luoshi.notices import views

app_name = "notices"
urlpatterns = [
    path("", views.inbox, name="inbox"),
    path("help/", views.help_page, name="help"),
    path("help/<int:pk>/", views.answer, name="answer"),
    path("reminders/", views.reminders, name="reminders"),
    path("reminders/<int:day>/", views.reminders, name="reminders_of"),
    path("read/", views.mark_all_read, name="mark_all_read"),
    path("<int:pk>/", views.read, name="read"),
]
