from django.urls import path

from luoshi.reports import views

app_name = "reports"
urlpatterns = [
    path("tasks/<int:task_id>/reports/", views.reports, name="reports"),
    path("tasks/<int:task_id>/reports/submit/", views.submit, name="submit"),
    path("tasks/<int:task_id>/reports/look/", views.look, name="look"),
    path("tasks/<int:task_id>/reports/children/", views.children, name="children"),
    path("tasks/<int:task_id>/reports/<int:report_id>/amend/", views.amend, name="amend"),
    path("tasks/<int:task_id>/sets/<int:counting_id>/result/", views.result, name="result"),
    path("tasks/<int:task_id>/dues/<int:due_id>/why/", views.why_due, name="why_due"),
    path("reports/month/", views.month_page, name="month"),
    path("reports/packs/", views.packs, name="packs"),
    path("reports/packs/<int:unit_id>/", views.pack, name="pack"),
    path("reports/packs/<int:unit_id>/progress/", views.pack_progress, name="pack_progress"),
    path("reports/sets/", views.sets, name="sets"),
    path("reports/sets/<int:category_id>/", views.set_results, name="set_results"),
    path("reports/sets/<int:category_id>/day/", views.date_set, name="date_set"),
    path("reports/sets/<int:category_id>/export/", views.export_results, name="export_results"),
    path("tasks/<int:task_id>/reports/keep/", views.keep_evidence, name="keep_evidence"),
    path("tasks/<int:task_id>/documents/add/", views.add_document, name="add_document"),
]
