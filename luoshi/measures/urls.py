"""Addresses of the room."""

from django.urls import path

from luoshi.measures.views import categories, files, measures, words

app_name = "measures"
urlpatterns = [
    path("", measures.index, name="index"),
    path("new/", measures.create, name="create"),
    path("import/", files.load, name="import"),
    path("<int:measure_id>/", measures.page, name="page"),
    path("<int:measure_id>/edit/", measures.edit, name="edit"),
    path("<int:measure_id>/new-version/", measures.new_version, name="new_version"),
    path("<int:measure_id>/remove/", measures.remove, name="remove"),
    path("<int:measure_id>/compare/", measures.compare, name="compare"),
    path("<int:measure_id>/explain/", words.explain, name="explain"),
    path("<int:measure_id>/explain.docx", words.explain_docx, name="explain_docx"),
    path("<int:measure_id>/measure.toml", files.measure_file, name="file"),
    path("categories/new/", categories.create, name="create_category"),
    path("categories/<int:category_id>/", categories.page, name="category"),
    path("categories/<int:category_id>/edit/", categories.edit, name="edit_category"),
    path("programmes/new/", categories.create_programme, name="create_programme"),
    path("programmes/<int:programme_id>/edit/", categories.edit_programme, name="edit_programme"),
    path("programmes/<int:programme_id>/programme.toml", files.programme_file, name="set_file"),
]
