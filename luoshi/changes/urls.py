from django.urls import path

from luoshi.changes import views

app_name = "changes"
urlpatterns = [
    path("", views.index, name="index"),
    path("new/", views.ask_many, name="ask_many"),
    path("answers/", views.answer_many, name="answer_many"),
    path("task/<int:task_id>/", views.ask, name="ask"),
    path("<int:pk>/answer/", views.answer, name="answer"),
    path("<int:pk>/withdraw/", views.withdraw, name="withdraw"),
]
