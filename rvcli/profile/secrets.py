"""What must not be shown: which options are secret, and how text is masked."""

from __future__ import annotations

import re
from typing import Any

from rvcli.profile import options

MASK = "********"

# Whole words of a key, so that `token_count` is masked rather than leaked, while `monkey` is not.
# Patterns are texts here: `re` compiles them on first use, which most starts never come to.
_SECRET_KEY = (
    r"(?i)(?:^|[_.\-])(?:token|secret|password|passwd|passphrase|pwd|credentials?|"
    r"key|apikey|sas|signature|auth)s?(?:$|[_.\-\d])"
)
_USER_PASSWORD = r"(?<=://)[^/\s@]+(?=@)"
_SIGNED_QUERY = (
    r"(?i)(?<=[?&])((?:[\w\-]*(?:token|signature|secret|password|credential|key)[\w\-]*|sig)=)"
    r"[^&\s#'\"]+"
)


def is_secret(section: str, key: str) -> bool:
    """Say whether the value of an option must never be shown."""
    option = options.find(section, key)
    if option is not None:
        return option.secret
    return re.search(_SECRET_KEY, key) is not None or re.search(_SECRET_KEY, section) is not None


def mask_uris(text: str) -> str:
    """Mask user names, passwords and signatures inside the URIs of a text."""
    return re.sub(_SIGNED_QUERY, rf"\1{MASK}", re.sub(_USER_PASSWORD, MASK, text))


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
            k: shown(v, secret=re.search(_SECRET_KEY, str(k)) is not None) for k, v in value.items()
        }
    return value
