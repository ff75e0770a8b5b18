"""Settings of the test run: a throw-away state folder, plain static names."""

import os
import tempfile

os.environ.setdefault("VAR_DIR", tempfile.mkdtemp(prefix="marginalia-tests-"))
os.environ.setdefault("SECRET_KEY", "only-for-tests")

from annotator.settings import *  # noqa: E402, F403
from annotator.settings import STATIC_ROOT, STORAGES

STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # WhiteNoise warns without it

STORAGES = {
    **STORAGES,
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
