"""Pages of the desk; their names have no room in front because every room may link to them."""

from django.urls import path

from luoshi.desk.views import (
    assessed,
    audit,
    charts,
    diagnoses,
    feedback,
    finding,
    home,
    listing,
    portrait,
    style,
    timeliness,
)

urlpatterns = [
    path("", home.home, name="home"),
    path("owed/", home.owed, name="owed"),
    path("counts/", home.counts, name="counts"),
    path("go/<slug:kind>/<int:pk>/", home.go, name="go"),
    path("year/", home.year, name="year"),
    path("search/", finding.search, name="search"),
    path("tasks/", listing.tasks, name="task-list"),
    path("tasks/export/", listing.export, name="task-export"),
    path("tasks/<int:task_id>/", portrait.task, name="task"),
    path("tasks/<int:task_id>/why/", portrait.why, name="why"),
    path("tasks/<int:task_id>/brief/", charts.brief, name="brief"),
    path("feedback/", feedback.feedback, name="feedback"),
    path("feedback/export/", feedback.export, name="feedback-export"),
    path("feedback/<int:report_id>/", feedback.report, name="feedback-report"),
    path("gantt/", charts.gantt, name="gantt"),
    path("gantt/data/", charts.gantt_data, name="gantt_data"),
    path("mosaic/", charts.mosaic, name="mosaic"),
    path("assessments/", assessed.assessments, name="assessments"),
    path("assessments/export/", assessed.export, name="assessments_export"),
    path("diagnoses/", diagnoses.diagnoses, name="diagnoses"),
    path("diagnoses/export/", diagnoses.export, name="diagnoses-export"),
    path("diagnoses/report/", diagnoses.paper, name="diagnoses-paper"),
    path("timeliness/", timeliness.timeliness, name="timeliness"),
    path("timeliness/rows/", timeliness.rows, name="timeliness_rows"),
    path("timeliness/export/", timeliness.export, name="timeliness_export"),
    path("trail/", audit.trail_search, name="trail"),
    path("trail/export/", audit.trail_export, name="trail_export"),
    path("style/", style.style, name="style"),
]
