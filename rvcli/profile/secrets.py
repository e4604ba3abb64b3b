"""What must not be shown: which options are secret, and how text is masked."""

from __future__ import annotations

import re
from typing import Any

from rvcli.profile import options

MASK = "********"

# Whole words of a key, so that `token_count` is masked rather than leaked, while `monkey` is not.
_SECRET_KEY = re.compile(
    r"(?:^|[_.\-])(?:token|secret|password|passwd|passphrase|pwd|credentials?|"
    r"key|apikey|sas|signature|auth)s?(?:$|[_.\-\d])",
    re.IGNORECASE,
)
_USER_PASSWORD = re.compile(r"(?<=://)[^/\s@]+(?=@)")
_SIGNED_QUERY = re.compile(
    r"(?<=[?&])((?:[\w\-]*(?:token|signature|secret|password|credential|key)[\w\-]*|sig)=)[^&\s#'\"]+",
    re.IGNORECASE,
)


def is_secret(section: str, key: str) -> bool:
    """Say whether the value of an option must never be shown."""
    option = options.find(section, key)
    if option is not None:
        return option.secret
    return _SECRET_KEY.search(key) is not None or _SECRET_KEY.search(section) is not None


def mask_uris(text: str) -> str:
    """Mask user names, passwords and signatures inside the URIs of a text."""
    return _SIGNED_QUERY.sub(rf"\1{MASK}", _USER_PASSWORD.sub(MASK, text))


def shown(value: Any, *, secret: bool) -> Any:
    """Return a value as it may be shown: masked if secret, its URIs without credentials."""
    if value is None or value == "":
        return value
    if secret:
        return MASK
    if isinstance(value, str):
        return mask_uris(value)
    if isinstance(value, (list, tuple)):
        return [shown(v, secret=False) for v in value]
    if isinstance(value, dict):
        return {
            k: shown(v, secret=_SECRET_KEY.search(str(k)) is not None) for k, v in value.items()
        }
    return value
