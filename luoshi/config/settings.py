"""One settings file; every deployment fact is an environment variable (docs/settings.md)."""

from pathlib import Path

from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from luoshi.kit import environment as env

PACKAGE = Path(__file__).resolve().parent.parent
BASE_DIR = PACKAGE.parent
HOME = Path(env.text("LUOSHI_HOME", str(BASE_DIR / "var"))).resolve()
HOME.mkdir(parents=True, exist_ok=True)

PRODUCTION = env.flag("LUOSHI_PRODUCTION")
DEMO = env.flag("LUOSHI_DEMO")
DEBUG = env.flag("LUOSHI_DEBUG")
SECRET_KEY = env.text("LUOSHI_SECRET_KEY", env.DEVELOPMENT_KEY)
SEAL_KEY = env.text("LUOSHI_SEAL_KEY", SECRET_KEY)
INITIAL_PASSWORD = env.text("LUOSHI_INITIAL_PASSWORD")
if PRODUCTION:
    env.refuse_in_production(
        switches={"LUOSHI_DEMO": DEMO, "LUOSHI_DEBUG": DEBUG},
        secrets={"LUOSHI_SECRET_KEY": SECRET_KEY, "LUOSHI_SEAL_KEY": SEAL_KEY},
        needed={"LUOSHI_HOSTS": env.text("LUOSHI_HOSTS")},
    )

ALLOWED_HOSTS = env.words("LUOSHI_HOSTS", "127.0.0.1,localhost,[::1]")
CSRF_TRUSTED_ORIGINS = env.words("LUOSHI_ORIGINS")
ROOT_URLCONF = "luoshi.config.urls"
WSGI_APPLICATION = "luoshi.config.wsgi.application"

ROOMS = [
    "luoshi.kit",
    "luoshi.trail",
    "luoshi.people",
    "luoshi.periods",
    "luoshi.files",
    "luoshi.notices",
    "luoshi.search",
    "luoshi.measures",
    "luoshi.tasks",
    "luoshi.reports",
    "luoshi.changes",
    "luoshi.improvement",
    "luoshi.assessment",
    "luoshi.intake",
    "luoshi.desk",
    "luoshi.bench",
    "luoshi.demo",
]
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django_htmx",
    "django_q",
    "axes",
    "csp",
    "luoshi.config",
    *ROOMS,
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "luoshi.kit.language.ChosenLanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "luoshi.people.middleware.NetworkMiddleware",
    "luoshi.people.middleware.AccountMiddleware",
    "luoshi.kit.once.FormMiddleware",
    "luoshi.kit.errors.SentenceMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]
CSRF_FAILURE_VIEW = "luoshi.kit.errors.csrf_failed"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [PACKAGE / "kit" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "luoshi.desk.context.shell",
            ],
        },
    },
]
FORM_RENDERER = "django.forms.renderers.DjangoTemplates"

DATABASES = {"default": env.database(env.text("DATABASE_URL"), HOME)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "people.Person"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "luoshi.people.backends.PresentPeopleBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "luoshi.kit.hashers.FirstPasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("staff_number", "account", "phone", "email", "reading")},
    },
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "people:login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "people:login"
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25  # hours
AXES_ENABLE_ACCESS_FAILURE_LOG = True  # what people.queries.accounts.wait_for counts
AXES_ACCESS_FAILURE_LOG_PER_USER_LIMIT = 200
AXES_CLIENT_IP_CALLABLE = "luoshi.kit.address.address_of"
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_USERNAME_FORM_FIELD = "username"  # what people.views.door passes to authenticate()
AXES_RESET_ON_SUCCESS = True
AXES_VERBOSE = False
AXES_LOCKOUT_CALLABLE = "luoshi.people.backends.answer_unchanged"  # the log-in page says it itself
IDLE_MINUTES = env.number("LUOSHI_IDLE_MINUTES", 30, least=1)
# people.middleware ends a session after IDLE_MINUTES without work; the row outlives that, so that
# what was sent too late can still be kept as a draft of the person it belongs to.
SESSION_COOKIE_AGE = 24 * 3600
SESSION_ENGINE = "django.contrib.sessions.backends.db"  # the cache is not shared by processes
ACCOUNT_PREFIX = env.text("LUOSHI_ACCOUNT_PREFIX", "T")

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("Simplified Chinese")), ("en", _("English"))]
LOCALE_PATHS = [PACKAGE / "locale"]
TIME_ZONE = env.text("LUOSHI_TIME_ZONE", "Asia/Shanghai")
USE_TZ = True
CLOCK_FILE = "" if PRODUCTION else env.text("LUOSHI_CLOCK_FILE")

STATIC_URL = "/static/"
STATIC_ROOT = HOME / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "luoshi.kit.statics.KeptAddresses"},
}
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
MEDIA_ROOT = HOME / "files"
UPLOAD_LIMIT = env.number("LUOSHI_UPLOAD_MB", 50, least=1) * 1024 * 1024
FILE_UPLOAD_HANDLERS = [
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "luoshi.files.forms.BoundedUploadHandler",
]
DATA_UPLOAD_MAX_MEMORY_SIZE = 8 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "style-src-attr": ["'unsafe-inline'"],
        "img-src": [SELF, "data:"],
        "font-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [SELF],
    },
}
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "SAMEORIGIN"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION and not env.flag("LUOSHI_PLAIN_HTTP")
SECURE_HSTS_SECONDS = 365 * 86400 if SESSION_COOKIE_SECURE else 0
SECURE_PROXY_SSL_HEADER = (
    ("HTTP_X_FORWARDED_PROTO", "https") if env.flag("LUOSHI_BEHIND_PROXY") else None
)
#: Networks the pages are served to; none: to everybody (S0 三: inside the campus, or by VPN).
NETWORKS = env.words("LUOSHI_NETWORKS")
PROXIES = env.number("LUOSHI_PROXIES", 1, least=1) if env.flag("LUOSHI_BEHIND_PROXY") else 0
SESSION_COOKIE_HTTPONLY = True

JOB_WORKERS = env.number("LUOSHI_JOB_WORKERS", 1, least=1)
# queue_limit × timeout / workers + timeout < retry, or a job would be taken up twice
Q_CLUSTER = {
    "name": "luoshi",
    "orm": "default",
    "workers": JOB_WORKERS,
    "queue_limit": JOB_WORKERS,
    "bulk": 1,
    "timeout": 120,
    "retry": 300,
    "max_attempts": 3,
    "poll": 0.5,
    "catch_up": True,
    "save_limit": 1000,
    "label": "Luoshi",
}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "loggers": {
        "django.request": {"level": "ERROR"},  # pages that are not there are no news
        "django.security.DisallowedHost": {"level": "CRITICAL"},  # nor are strangers' names
    },
    "root": {"handlers": ["console"], "level": env.text("LUOSHI_LOG", "WARNING")},
}
