"""A real OpenID Connect provider for tests, a program of its own: Django OAuth Toolkit with Django's own accounts.

It is another implementation than the one that Careloop uses: oauthlib and jwcrypto here, Authlib and joserfc there.
Run with a folder that holds site.json; tests/openid_provider.py does.
"""

import json
import sys
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import django
from django.conf import settings

FOLDER = Path(sys.argv[1])
SITE: dict[str, Any] = json.loads((FOLDER / "site.json").read_text())
LOGIN = """<!doctype html><title>Example sign-in</title><h1>Example Hospital</h1><form method="post">{% csrf_token %}
{{ form.as_p }}<input type="hidden" name="next" value="{{ next }}"><button>Log in</button></form>"""

settings.configure(
    DEBUG=False,
    SECRET_KEY="only for tests",
    ALLOWED_HOSTS=["127.0.0.1"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(FOLDER / "provider.db")}},
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "oauth2_provider",
    ],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ],
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "APP_DIRS": True,
            "OPTIONS": {
                "context_processors": [
                    "django.template.context_processors.request",
                    "django.contrib.auth.context_processors.auth",
                ]
            },
        }
    ],
    ROOT_URLCONF=__name__,
    LOGIN_URL="/login",
    USE_TZ=True,
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
    OAUTH2_PROVIDER={
        "OIDC_ENABLED": True,
        "OIDC_ISS_ENDPOINT": SITE["issuer"],
        "OIDC_RSA_PRIVATE_KEY": (FOLDER / "key.pem").read_text(),
        "OIDC_RP_INITIATED_LOGOUT_ENABLED": True,
        "OIDC_RP_INITIATED_LOGOUT_ALWAYS_PROMPT": False,
        "PKCE_REQUIRED": True,
        "ALLOWED_SCHEMES": ["http"],
        "SCOPES": {"openid": "Sign in", "email": "Email address", "profile": "Name"},
        "OAUTH2_VALIDATOR_CLASS": f"{__name__}.Validator",
    },
)
django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.contrib.auth.views import LoginView  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.http import HttpRequest, HttpResponse  # noqa: E402
from django.template import engines  # noqa: E402
from django.urls import include, path  # noqa: E402
from oauth2_provider.models import Application  # noqa: E402
from oauth2_provider.oauth2_validators import OAuth2Validator  # noqa: E402


class Validator(OAuth2Validator):  # type: ignore[misc]
    """What the provider says of somebody, as people.json has it now."""

    oidc_claim_scope = None

    def get_additional_claims(self, request: Any) -> dict[str, Any]:
        people = json.loads((FOLDER / "people.json").read_text())
        return dict(people.get(request.user.username, {}))


class Login(LoginView):  # type: ignore[misc]
    """The provider's own form."""

    def render_to_response(self, context: dict[str, Any], **_options: Any) -> HttpResponse:
        return HttpResponse(engines["django"].from_string(LOGIN).render(context, self.request))


def _home(_request: HttpRequest) -> HttpResponse:
    return HttpResponse("Example Hospital")


urlpatterns = [
    path("login", Login.as_view()),
    path("o/", include("oauth2_provider.urls", namespace="oauth2_provider")),
    path("", _home),
]


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_arguments: Any) -> None:
        pass


def _register() -> None:
    for name, password in SITE["passwords"].items():
        if not User.objects.filter(username=name).exists():
            User.objects.create_user(name, password=password)
    Application.objects.update_or_create(
        client_id=SITE["client"],
        defaults={
            "client_secret": SITE["secret"],
            "client_type": Application.CLIENT_CONFIDENTIAL,
            "authorization_grant_type": Application.GRANT_AUTHORIZATION_CODE,
            "algorithm": Application.RS256_ALGORITHM,
            "redirect_uris": SITE["redirect_uri"],
            "post_logout_redirect_uris": SITE["after_sign_out"],
            "skip_authorization": True,
            "name": "Careloop",
        },
    )


if __name__ == "__main__":
    sys.modules["openid_site"] = sys.modules[__name__]
    call_command("migrate", verbosity=0)
    _register()
    server = make_server("127.0.0.1", SITE["port"], get_wsgi_application(), _Server, _Quiet)
    print("ready", flush=True)
    server.serve_forever()
