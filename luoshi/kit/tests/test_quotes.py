from luoshi.kit.quotes import inner


def test_marks_inside_marks_are_single():
    assert inner("落实“双高”建设任务") == "落实‘双高’建设任务"
    assert inner("建成实训基地") == "建成实训基地"
