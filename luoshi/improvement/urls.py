from django.urls import path

from luoshi.improvement import views

app_name = "improvement"
urlpatterns = [
    path("tasks/<int:task_id>/diagnosis/", views.panel, name="panel"),
    path("tasks/<int:task_id>/diagnosis/write/", views.write, name="write"),
    path("tasks/<int:task_id>/diagnosis/<int:diagnosis_id>/amend/", views.amend, name="amend"),
]
