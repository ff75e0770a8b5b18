"""Settings of the test run: a throw-away state folder, plain static names."""

import os
import tempfile

os.environ.setdefault("VAR_DIR", tempfile.mkdtemp(prefix="marginalia-tests-"))
os.environ.setdefault("SECRET_KEY", "only-for-tests")

from annotator.settings import *  # noqa: E402, F403
from annotator.settings import DATABASES, STATIC_ROOT, STORAGES, VAR_DIR

STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # WhiteNoise warns without it

database = DATABASES["default"]
if database["ENGINE"].endswith("sqlite3"):
    # In a file: in memory the live server would share one connection with the test.
    database["TEST"] = {"NAME": str(VAR_DIR / "tests.sqlite3")}
    database["OPTIONS"]["init_command"] += "PRAGMA synchronous=OFF;"
STORAGES = {
    **STORAGES,
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
