"""What import files may say: headings and words, and what they mean to us (ORG-4)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.functional import Promise

from luoshi.people.roles import Duty

#: Our column → the headings it may carry; the first is the one of the template.
UNIT_COLUMNS: Mapping[str, Sequence[str]] = {
    "code": ("单位编码", "编码", "部门编码", "部门代码", "单位代码", "代码", "机构代码", "code"),
    "name": ("单位名称", "部门名称", "名称", "单位", "部门", "机构名称", "name"),
    "short_name": ("简称", "单位简称", "部门简称", "short name"),
    "kind": ("单位类型", "类型", "部门类型", "单位性质", "机构类型", "类别", "kind"),
    "parent": ("上级单位", "上级部门", "隶属单位", "所属单位", "上级", "上级编码", "parent"),
    "assessment_type": ("考核类型", "assessment type"),
    "aliases": ("别名", "其他名称", "曾用名", "other names"),
    "since": ("设立日期", "成立日期", "启用日期", "since"),
    "order": ("排序", "顺序", "排序号", "order"),
}

PERSON_COLUMNS: Mapping[str, Sequence[str]] = {
    "staff_number": (
        "工号",
        "职工号",
        "教工号",
        "教职工号",
        "员工编号",
        "人员编号",
        "职工编号",
        "staff number",
    ),
    "name": ("姓名", "人员姓名", "教师姓名", "职工姓名", "name"),
    "unit": (
        "所在单位",
        "单位",
        "部门",
        "所在部门",
        "所属部门",
        "所属单位",
        "单位名称",
        "部门名称",
        "单位编码",
        "unit",
    ),
    "phone": ("手机", "手机号", "手机号码", "电话", "联系电话", "联系方式", "phone"),
    "email": ("邮箱", "电子邮箱", "电子邮件", "e-mail", "email"),
    "reading": ("姓名拼音", "拼音"),
    "assessment_type": ("考核类型", "assessment type"),
    "entered_on": ("入职日期", "来校日期", "到岗日期", "进校日期", "参加工作日期", "entered on"),
    "duty": ("岗位", "角色", "职责", "岗位类型", "duty"),
    "title": ("职务", "职务名称", "岗位名称", "title"),
    "post_units": ("任职单位", "分管单位", "任职分管单位", "分管部门", "post units"),
    "field": ("分管领域", "field"),
}

REQUIRED = {"units": ("code", "name", "kind"), "people": ("staff_number", "name", "unit")}

#: Words for duties in people files.
DUTY_WORDS: Mapping[str, Duty] = {
    "主要领导": Duty.TOP_LEADER,
    "分管领导": Duty.IN_CHARGE,
    "联系领导": Duty.LIAISON,
    "部门负责人": Duty.HEAD,
    "单位负责人": Duty.HEAD,
    "负责人": Duty.HEAD,
    "部门副职": Duty.DEPUTY,
    "副职": Duty.DEPUTY,
    "科室负责人": Duty.SECTION_HEAD,
    "科长": Duty.SECTION_HEAD,
    "教研室主任": Duty.SECTION_HEAD,
    "工作人员": Duty.MEMBER,
    "职工": Duty.MEMBER,
    "目标办": Duty.GOAL_OFFICE,
    "绩效办": Duty.GOAL_OFFICE,
    "督查室": Duty.SUPERVISION,
    "督办人员": Duty.SUPERVISION,
    "纪检监察室": Duty.INSPECTION_ROOM,
    "纪委办公室": Duty.INSPECTION_OFFICE,
    "职能管理部门": Duty.FUNCTIONAL,
    "业务部门": Duty.BUSINESS,
    "系统管理员": Duty.SYSTEM_ADMIN,
    "安全管理员": Duty.SECURITY_ADMIN,
    "审计管理员": Duty.AUDIT_ADMIN,
}


def duty_of(word: str) -> Duty | None:
    """The duty a word of a file means: ours in Chinese, its label, or its code."""
    word = word.strip()
    if word in DUTY_WORDS:
        return DUTY_WORDS[word]
    return next((d for d in Duty if word in {d.value, str(d.label)}), None)


#: Rows of the templates people download: an example under each heading.
UNIT_EXAMPLES = (
    ("00", "江城职业技术学院", "学院", "学校", "", "", "", "", ""),
    ("10", "质量管理办公室", "质管办", "职能部门", "00", "职能部门", "", "", "10"),
    ("20", "机电工程学院", "机电学院", "二级学院", "00", "教学单位", "机电系", "2016-09-01", "20"),
)
PERSON_EXAMPLES = (
    ("0210001", "李敏", "机电工程学院", "13800000000", "", "", "", "", "", "", "", ""),
    ("0210002", "王建国", "20", "", "", "", "", "2010-09-01", "部门负责人", "院长", "", ""),
    ("0210003", "赵志刚", "00", "", "", "", "", "", "分管领导", "副院长", "机电工程学院、10", ""),
)


#: Who visitors of a demonstration may enter as: staff number and role, in the order shown.
_guests: dict[str, str | Promise] = {}


def show_guest(staff_number: str, role: str | Promise) -> None:
    """Offer somebody on the log-in page of a demonstration; the room that made them calls it."""
    _guests[staff_number] = role


def guests() -> Mapping[str, str | Promise]:
    """Whom to offer; empty where nobody was named."""
    return _guests


@dataclass(frozen=True)
class ListPage:
    """A page whose filters can be kept as a view: its words, its URL name, its parameters."""

    label: str | Promise
    url_name: str
    params: frozenset[str]


#: Pages by the word that stands for them in `models.SavedView`; the room they are in names them.
_pages: dict[str, ListPage] = {}


def keep_views_of(page: str, label: str | Promise, url_name: str, params: Sequence[str]) -> None:
    """Let people keep views of a page; ``params`` are the parameters that make up a view."""
    _pages[page] = ListPage(label, url_name, frozenset(params))


def pages() -> Mapping[str, ListPage]:
    """Pages whose views can be kept."""
    return _pages
