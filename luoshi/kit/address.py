"""Where a request comes from, also behind proxies of ours; which addresses are pages of ours."""

from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme


def address_of(request: HttpRequest) -> str | None:
    """The address a request comes from (AXES_CLIENT_IP_CALLABLE).

    Behind a proxy it is the entry the outermost of our proxies wrote into X-Forwarded-For; what
    stands before it was sent by the client and proves nothing.
    """
    direct: str | None = request.META.get("REMOTE_ADDR") or None
    if not settings.PROXIES:
        return direct
    chain = [word.strip() for word in request.headers.get("X-Forwarded-For", "").split(",")]
    told = chain[-settings.PROXIES] if len(chain) >= settings.PROXIES else ""
    try:
        return str(ip_address(told))
    except ValueError:
        return direct


def is_page(url: str) -> bool:
    """Whether an address somebody sent is a path of this site: no other site, no script."""
    return url.startswith("/") and url_has_allowed_host_and_scheme(url, allowed_hosts=None)
