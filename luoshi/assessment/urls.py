from django.urls import path

from luoshi.assessment import views

app_name = "assessment"
urlpatterns = [
    path("assess/", views.many, name="many"),
    path("tasks/<int:task_id>/assess/", views.assess, name="assess"),
    path("tasks/<int:task_id>/scores/", views.scores, name="scores"),
    path(
        "tasks/<int:task_id>/scores/<int:assessment_id>/return/",
        views.return_score,
        name="return_score",
    ),
    path("tasks/<int:task_id>/assessors/", views.name_assessors, name="name_assessors"),
]
