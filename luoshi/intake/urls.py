"""The verbs of the import, below ``import/``."""

from django.urls import path

from luoshi.intake import views
from luoshi.intake.views import changes

app_name = "intake"
urlpatterns = [
    path("", views.index, name="index"),
    path("upload/", views.upload, name="upload"),
    path("template/", views.template, name="template"),
    path("changes/", changes.index, name="change_lists"),
    path("changes/<int:pk>/", changes.page, name="changes"),
    path("changes/<int:pk>/take-over/", changes.take_over, name="take_over"),
    path("changes/<int:pk>/original/", changes.original, name="original_list"),
    path("<int:pk>/", views.batch, name="batch"),
    path("<int:pk>/columns/", views.columns, name="columns"),
    path("<int:pk>/progress/", views.progress, name="progress"),
    path("<int:pk>/settle/", views.settle, name="settle"),
    path("<int:pk>/names/<int:name_id>/reopen/", views.reopen, name="reopen"),
    path("<int:pk>/rows/<int:row_id>/", views.row, name="row"),
    path("<int:pk>/confirm/", views.confirm, name="confirm"),
    path("<int:pk>/leave-out/", views.leave_out, name="leave_out"),
    path("<int:pk>/publish/", views.publish, name="publish"),
    path("<int:pk>/undo/", views.undo, name="undo"),
    path("<int:pk>/drop/", views.drop, name="drop"),
    path("<int:pk>/marked/", views.marked, name="marked"),
    path("<int:pk>/original/", views.original, name="original"),
]
