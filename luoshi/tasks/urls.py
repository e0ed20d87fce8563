from django.urls import path

from luoshi.tasks.views import acts, breaking_down, registering

app_name = "tasks"
urlpatterns = [
    path("register/", registering.register, name="register"),
    path("register/fields/", registering.category_fields, name="category_fields"),
    path("issue/", registering.issue_many, name="issue_many"),
    path("drafts/", registering.complete_drafts, name="complete_drafts"),
    path("<int:task_id>/edit/", registering.edit, name="edit"),
    path("<int:task_id>/correct/", registering.correct, name="correct"),
    path("<int:task_id>/discard/", acts.discard, name="discard"),
    path("<int:task_id>/issue/", acts.issue, name="issue"),
    path("<int:task_id>/approve/", acts.approve, name="approve"),
    path("<int:task_id>/reject/", acts.reject, name="reject"),
    path("<int:task_id>/sign/", acts.sign, name="sign"),
    path("<int:task_id>/refuse/", acts.refuse, name="refuse"),
    path("<int:task_id>/accept/", acts.accept, name="accept"),
    path("<int:task_id>/send-back/", acts.send_back, name="send_back"),
    path("<int:task_id>/close/", acts.close, name="close"),
    path("<int:task_id>/cancel/", acts.cancel, name="cancel"),
    path("<int:task_id>/break-down/", breaking_down.break_down, name="break_down"),
    path("<int:task_id>/break-down/row/", breaking_down.blank_row, name="blank_row"),
    path("<int:task_id>/children/issue/", breaking_down.issue_children, name="issue_children"),
    path("<int:task_id>/copy/", breaking_down.copy, name="copy"),
    path("<int:task_id>/share/", acts.share, name="share"),
    path("<int:task_id>/follow/", acts.follow, name="follow"),
    path("<int:task_id>/count-in/", acts.count_in, name="count_in"),
    path("<int:task_id>/milestones/", acts.set_milestones, name="set_milestones"),
    path("<int:task_id>/comment/", acts.comment, name="comment"),
    path("<int:task_id>/instruct/", acts.instruct, name="instruct"),
]
