"""The field for evidence: several files, by choice, by drag or by paste; nothing sent is lost.

    evidence = EvidenceField()                       # cleaned: list[services.Prepared]
    attach(report.ref, form.cleaned_data["evidence"], by=actor)

The form needs ``enctype="multipart/form-data"`` (htmx: ``hx-encoding``). When something else in the
form is wrong, files that were accepted are offered again, ticked: they lie on the disk already and
are known by a signed slip that holds for forty days, so that it may stand in a draft, too.
"""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.core import signing
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.utils.translation import gettext_lazy

from luoshi.files import rules, services
from luoshi.kit.verdict import Refused

_SALT = "luoshi.files.kept"
_HOLDS = 40 * 24 * 3600  # seconds


def slip_for(prepared: services.Prepared) -> str:
    """A signed slip by which a prepared file is known when the form comes back."""
    return signing.dumps(
        [prepared.content.sha256, prepared.name, prepared.content.size], salt=_SALT
    )


def _read_slip(slip: str) -> tuple[str, str, int] | None:
    try:
        sha256, name, size = signing.loads(slip, salt=_SALT, max_age=_HOLDS)
    except signing.BadSignature:
        return None
    return sha256, name, size


class BoundedUploadHandler(TemporaryFileUploadHandler):
    """Takes a file in, but no more of it than shows that it is too large: the rest is dropped."""

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        room = settings.UPLOAD_LIMIT + 1 - start
        if room > 0:
            super().receive_data_chunk(raw_data[:room], start)

    def file_complete(self, file_size: int) -> "UploadedFile | None":
        return super().file_complete(min(file_size, settings.UPLOAD_LIMIT + 1))


class EvidenceInput(forms.FileInput):
    """Several files at once, and those kept from before."""

    allow_multiple_selected = True
    template_name = "files/_evidence_input.html"

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Sequence[Any]:
        chosen = files.getlist(name) if hasattr(files, "getlist") else files.get(name) or []
        kept = data.getlist(f"{name}-kept") if hasattr(data, "getlist") else []
        return [*kept, *chosen]

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return name not in files and f"{name}-kept" not in data

    def use_required_attribute(self, initial: Any) -> bool:
        return False  # kept files would not count for the browser

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context = super().get_context(name, None, attrs)
        suffixes = {suffix for kind in rules.KINDS.values() for suffix in kind.suffixes}
        context["widget"]["attrs"]["multiple"] = True
        context["widget"]["attrs"]["accept"] = ",".join(f".{suffix}" for suffix in sorted(suffixes))
        context["widget"] |= {
            "kept": kept_of(value),
            "limit": settings.UPLOAD_LIMIT,
            "limit_mb": settings.UPLOAD_LIMIT // (1024 * 1024),
        }
        return context


def keep(upload: "services.Upload") -> dict[str, Any]:
    """Take a file in before its form is sent: name, size and slip. Raises Refused."""
    prepared = services.prepare(upload)
    return {"slip": slip_for(prepared), "name": prepared.name, "size": prepared.content.size}


def kept_of(items: Sequence[Any] | None) -> list[dict[str, Any]]:
    """Name, size and slip of files that were accepted before, out of slips and cleaned uploads."""
    return [one for item in items or () if (one := _kept(item))]


def _kept(item: Any) -> dict[str, Any] | None:
    """What the form shows of a file that was accepted before."""
    prepared = getattr(item, "prepared", None)
    if prepared:
        return {
            "slip": slip_for(prepared),
            "name": prepared.name,
            "size": prepared.content.size,
        }
    known = _read_slip(item) if isinstance(item, str) else None
    return {"slip": item, "name": known[1], "size": known[2]} if known else None


class EvidenceField(forms.FileField):
    """Evidence: a list of `services.Prepared`, judged by content and laid on the disk."""

    widget = EvidenceInput
    default_error_messages = {
        "too_many": gettext_lazy("At most %(most)s files at once. Send the others afterwards."),
        "gone": gettext_lazy(
            "A file you had chosen earlier is no longer kept here. Choose it again."
        ),
    }

    def __init__(self, *, most: int = 20, **kwargs: Any) -> None:
        self.most = most
        kwargs.setdefault("required", False)
        kwargs.setdefault("label", gettext_lazy("Evidence"))
        super().__init__(**kwargs)

    def clean(self, data: Any, initial: Any = None) -> list[services.Prepared]:
        items = list(data or [])
        if self.required and not items:
            raise ValidationError(self.error_messages["required"], code="required")
        if len(items) > self.most:
            raise ValidationError(
                self.error_messages["too_many"], code="too_many", params={"most": self.most}
            )
        found: dict[tuple[str, str], services.Prepared] = {}
        faults: list[ValidationError] = []
        for item in items:
            try:
                one = self._prepared(item)
                found[one.content.sha256, one.name] = one
            except Refused as refused:
                faults.append(ValidationError(str(refused), code="refused"))
        if faults:
            raise ValidationError(faults)
        return list(found.values())

    def _prepared(self, item: "UploadedFile | str") -> services.Prepared:
        if isinstance(item, str):
            known = _read_slip(item)
            kept = services.prepared_again(known[0], known[1]) if known else None
            if kept is None:
                raise Refused(str(self.error_messages["gone"]), services.FIELD)
            return kept
        if not hasattr(item, "prepared"):
            item.prepared = services.prepare(item)  # type: ignore[attr-defined]
        return item.prepared  # type: ignore[attr-defined]

    def bound_data(self, data: Any, initial: Any) -> Any:
        return data  # what was sent is shown again as kept

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(data)
