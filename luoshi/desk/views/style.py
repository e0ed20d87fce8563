"""A living page of every component, for those who build pages. Not there in a house that runs."""

import datetime as dt

from django import forms
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from luoshi.kit import clock
from luoshi.kit.verdict import ALLOWED, denied


class SampleForm(forms.Form):
    """One field of each sort, with faults."""

    title = forms.CharField(label="任务名称", help_text="一句话说明要做什么。", max_length=20)
    unit = forms.ChoiceField(label="牵头单位", choices=[("1", "教务处"), ("2", "信息工程学院")])
    due = forms.DateField(label="完成时限", widget=forms.DateInput(attrs={"type": "date"}))
    text = forms.CharField(label="工作内容", widget=forms.Textarea, required=False)
    public = forms.BooleanField(label="公开", required=False)
    ways = forms.MultipleChoiceField(
        label="抄送",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        choices=[("a", "分管领导"), ("b", "督查室"), ("c", "纪检监察室")],
    )


@login_required
def style(request: HttpRequest) -> HttpResponse:
    if not settings.DEBUG:
        raise Http404
    today = clock.today()
    states = [
        ("idle", "未启动"),
        ("moving", "进行中"),
        ("stalled", "到期未反馈"),
        ("late", "逾期"),
        ("done", "已完成"),
        ("behind", "滞后"),
        ("ahead", "超前"),
        ("suspended", "暂缓"),
        ("draft", "草稿"),
        ("cancelled", "已撤销"),
    ]
    context = {
        "today": today,
        "states": states,
        "days": [today + dt.timedelta(days=n) for n in (20, 3, 0, -5)],
        "allowed": ALLOWED,
        "refused": denied("只有任务负责人可以反馈；请联系李敏。"),
        "form": SampleForm({"title": "x" * 30}),
        "crumbs": [("江海职业技术学院", "/"), ("教务处", None)],
        "tabs": [
            {"url": "?", "label": "列表", "active": True, "count": 12},
            {"url": "?a", "label": "甘特图", "active": False, "count": None},
        ],
    }
    return render(request, "desk/style.html", context)
