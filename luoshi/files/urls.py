from django.urls import path

from luoshi.files import views

app_name = "files"
urlpatterns = [
    path("<int:pk>/", views.page, name="page"),
    path("<int:pk>/open/", views.show, name="show"),
    path("<int:pk>/download/", views.download, name="download"),
    path("<int:pk>/picture/<int:number>/", views.picture, name="picture"),
]
