"""What a package is, and whether it does here what it did where it was made."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rvcli.errors import DataError, RvError
from rvcli.filesystem import resolve
from rvcli.package.facts import ImageFacts
from rvcli.package.match import match
from rvcli.package.sample import argument
from rvcli.package.self_test import FILE, FOLDER, SCHEMA, classes_of, stats_facts
from rvcli.package.versions import differing, installed_versions
from rvcli.predictor import Predictor
from rvcli.records.digests import sha256_of

PASSED, FAILED, ABSENT = "passed", "failed", "absent"


@dataclass(frozen=True)
class PackageReport:
    """What is known of a package.

    Attributes:
        uri: where it is.
        size_bytes: of the file.
        modified: when the file was written last, as ISO 8601 in UTC; None if not known.
        rv: the release that made it; None where it was one without self-tests.
        task, backend: their keys.
        framework: what trained the model: name and version, each None if not known.
        classes: id, name and color of each.
        training: what is known of the training imagery.
        plugins: name, digest and version of those that the package brings or needs.
        result: "passed", "failed" or "absent", of the self-test.
        says: the result in words.
        numbers: of the result: share, difference, count, found, seconds.
        is_synthetic: the image of the self-test was drawn.
        of: what the image of the self-test is a part of.
        versions: where packages have other versions than then.
        changed: files that are not what was packed.
    """

    uri: str
    size_bytes: int | None
    modified: str | None
    rv: str | None
    task: str
    backend: str
    framework: Mapping[str, str | None]
    classes: list[dict[str, Any]]
    training: ImageFacts
    plugins: list[dict[str, str | None]]
    result: str = ABSENT
    says: str = ""
    numbers: Mapping[str, Any] = field(default_factory=dict)
    is_synthetic: bool = False
    of: str = ""
    versions: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether nothing speaks against the package; what has no self-test passes."""
        return self.result != FAILED

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON can hold it."""
        return {**vars(self), "training": self.training.to_dict(), "ok": self.ok}


def check_package(uri: str, tmp_dir: str) -> PackageReport:
    """Run the self-test of a package, and say what the package is.

    Args:
        uri: of the package.
        tmp_dir: local directory, empty.

    Raises:
        DataError: it is no package, or is damaged.
        PluginError: a plugin that it needs is missing, or not what it was.
    """
    predictor = Predictor(uri, tmp_dir)
    content = read_content(predictor)
    stat = resolve(uri).stat(uri)
    modified = stat and stat.modified
    known: dict[str, Any] = {
        "uri": uri,
        "size_bytes": stat and stat.size_bytes,
        "modified": modified.isoformat(timespec="seconds") if modified else None,
        "rv": content.get("rv"),
        "task": str(predictor.task_config.task_type),
        "backend": str(predictor.backend_config.backend_type),
        "framework": content.get("framework")
        or {"name": getattr(predictor.backend_config, "framework", "") or None, "version": None},
        "classes": classes_of(predictor.task_config),
        "training": training_facts(predictor),
        "plugins": _plugins(predictor),
    }
    return PackageReport(**known, **_tested(predictor, content, tmp_dir))


def read_content(predictor: Predictor) -> dict[str, Any]:
    """Return what the self-test of a package says; nothing where it has none.

    Raises:
        DataError: it cannot be understood.
    """
    path = Path(predictor.package_dir) / FOLDER / FILE
    if not path.is_file():
        return {}
    try:
        content = dict(json.loads(path.read_text(encoding="utf-8")))
        # A newer release may say it otherwise; the package itself has a version of its own.
        if content["schema"] != SCHEMA:
            return {"rv": content.get("rv"), "reason": "its self-test is that of another release"}
        _check_kinds(content)
    except (ValueError, KeyError, TypeError, AttributeError) as e:
        raise DataError(
            f"the {FILE} of {predictor.package_uri} cannot be read: {e}",
            hint="make the package anew with the command BUNDLE",
        ) from e
    return content


def _check_kinds(content: Mapping[str, Any]) -> None:
    """Check that a self-test is as one is written, and names no file outside its folder.

    Raises:
        ValueError: it is not.
    """
    for name in ("training", "versions", "sha256", "framework", "test"):
        if not isinstance(content.get(name) or {}, dict):
            raise ValueError(f"{name} is no JSON object")
    ImageFacts.from_dict(content.get("training") or {})
    test = content.get("test")
    for name in (*test["images"], test["expected"]) if test else ():
        if not isinstance(name, str) or Path(name).name != name:
            raise ValueError(f"{name!r} is no name of a file")


def training_facts(predictor: Predictor) -> ImageFacts:
    """Return what a package knows of the training imagery; an older one has statistics at most."""
    training = read_content(predictor).get("training")
    if training:
        return ImageFacts.from_dict(training)
    return stats_facts(predictor) or ImageFacts()


def _tested(predictor: Predictor, content: dict[str, Any], tmp_dir: str) -> dict[str, Any]:
    """Return the fields of a report that say how the self-test went."""
    test = content.get("test")
    changed = _changed(predictor.package_dir, content.get("sha256", {}))
    versions = differing(content.get("versions", {}), installed_versions())
    if not test:
        if not content:
            says = "made by a release that made none"
        else:
            says = str(content.get("reason") or "")
            says = says if "schema" not in content else f"none could be made: {says}"
        result = FAILED if changed else ABSENT
        return {"result": result, "says": says, "versions": versions, "changed": changed}
    folder = Path(predictor.package_dir) / FOLDER
    expected, found = folder / test["expected"], Path(tmp_dir) / "found" / test["expected"]
    start = time.monotonic()
    doing = "nothing was predicted"
    try:
        predictor.predict(argument(folder, test["images"]), str(found))
        doing = "what is expected cannot be read"
        matched = match(expected, found, test.get("tolerances", {}))
    except Exception as error:  # whatever it is, it is the result
        text = error.message if isinstance(error, RvError) else f"{type(error).__name__}: {error}"
        text = text.replace(predictor.package_dir, predictor.package_uri)
        outcome: dict[str, Any] = {"result": FAILED, "says": f"{doing}: {text}"}
    else:
        outcome = {
            "result": PASSED if matched.is_same and not changed else FAILED,
            "says": matched.says,
            "numbers": {
                "kind": matched.kind,
                "share": matched.share,
                "difference": matched.difference,
                "count": matched.count,
                "found": matched.found,
                "seconds": round(time.monotonic() - start, 2),
            },
        }
    about = {"is_synthetic": bool(test.get("synthetic")), "of": str(test.get("of", ""))}
    return {**outcome, **about, "versions": versions, "changed": changed}


def _changed(package_dir: str, digests: Mapping[str, str]) -> list[str]:
    """Name the files that are not what was packed."""
    return [
        name
        for name, digest in digests.items()
        if not (path := Path(package_dir) / name).is_file() or sha256_of(path) != digest
    ]


def _plugins(predictor: Predictor) -> list[dict[str, str | None]]:
    from rvcli.filesystem import base_name

    return [
        {
            "name": base_name(pin.uri) if pin.uri else pin.distribution or pin.module,
            "digest": pin.sha256 or None,
            "version": pin.version or None,
        }
        for pin in predictor.plugins
    ]
