"""RayService: what KubeRay takes, key by key, and what the profile says, in its place."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
import ray
import yaml
from ray.serve.schema import ServeDeploySchema

from tests.unit.render.profiles import EKS, PLAIN, written
from vlp_graph.config import load
from vlp_graph.config.hardware import MACHINES
from vlp_graph.render.check import check, unknown_keys
from vlp_graph.render.crd import errors
from vlp_graph.render.pods import PROFILE
from vlp_graph.render.render import render
from vlp_graph.render.what import What
from vlp_graph.serving import FLAGS

ROOT = Path(__file__).parents[3]
CRD = ROOT.parent / "shared" / "schemas" / "ray.io_rayservices.yaml"
needs_crd = pytest.mark.skipif(
    not CRD.is_file(), reason=f"KubeRay's CRD is no part of this repository and is not at {CRD}"
)


def rayservice(profile: str) -> dict[str, Any]:
    data = yaml.safe_load(render(What.RAYSERVICE, profile))
    assert isinstance(data, dict)
    return data


def ray_containers(data: dict[str, Any]) -> list[dict[str, Any]]:
    """Of the head, and of the workers."""
    cluster = data["spec"]["rayClusterConfig"]
    groups = [cluster["headGroupSpec"], *cluster["workerGroupSpecs"]]
    return [group["template"]["spec"]["containers"][0] for group in groups]


def variables(container: dict[str, Any]) -> dict[str, Any]:
    return {entry["name"]: entry.get("value", entry.get("valueFrom")) for entry in container["env"]}


@pytest.fixture(scope="module")
def definition() -> dict[str, Any]:
    data = yaml.load(CRD.read_text(), yaml.CSafeLoader)
    assert isinstance(data, dict)
    return data


@needs_crd
def test_kuberay_knows_every_key(named: str, definition: dict[str, Any]) -> None:
    assert list(errors(definition, rayservice(named))) == []


@needs_crd
@pytest.mark.parametrize(
    ("old", "typo", "near"),
    [
        ("maxReplicas", "maxReplica", "maxReplicas"),
        ("serveConfigV2", "serveConfigv2", "serveConfigV2"),
        ("idleTimeoutSeconds", "idleTimeoutSecond", "idleTimeoutSeconds"),
        ("readinessProbe", "readynessProbe", "readinessProbe"),
        ("secretName: vlp-ray-token", "secretname: vlp-ray-token", "secretName"),
    ],
)
def test_a_typo_is_told_with_its_line(old: str, typo: str, near: str, tmp_path: Path) -> None:
    text = render(What.RAYSERVICE, written(tmp_path)).replace(old, typo, 1)
    path = tmp_path / "rayservice.yaml"
    path.write_text(text)
    line = next(n for n, row in enumerate(text.splitlines(), 1) if typo in row)
    told = [str(mistake) for mistake in check(path, CRD)]
    wrong = [t for t in told if f"{typo.partition(':')[0]}: not a key; did you mean {near}?" in t]
    assert len(wrong) == 1
    assert wrong[0].startswith(f"rayservice.yaml:{line}: ")


@needs_crd
def test_a_number_in_place_of_a_text_is_told(definition: dict[str, Any], tmp_path: Path) -> None:
    data = rayservice(written(tmp_path))
    data["spec"]["rayClusterConfig"]["headGroupSpec"]["rayStartParams"]["num-cpus"] = 0
    assert [what for _, what in errors(definition, data)] == ["0 is not of type 'string'"]


def test_the_serve_config_inside_is_one_that_serve_knows(named: str) -> None:
    config = yaml.safe_load(rayservice(named)["spec"]["serveConfigV2"])
    assert list(unknown_keys(ServeDeploySchema, config)) == []
    made = ServeDeploySchema.model_validate(config)
    served = variables(ray_containers(rayservice(named))[1])["VLP_PROFILE"]
    assert made.applications[0].args == {"profile": served}


def test_one_version_of_ray_everywhere(named: str) -> None:
    pins = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    data = rayservice(named)
    assert f"ray[serve]=={ray.__version__}" in pins
    assert data["spec"]["rayClusterConfig"]["rayVersion"] == ray.__version__
    for container in ray_containers(data):
        image, _, tag = container["image"].rpartition(":")
        cluster = load(named).cluster
        assert cluster is not None
        assert image == cluster.image
        assert tag == (f"{ray.__version__}-{cluster.release}" if cluster.release else ray.__version__)


def test_a_machine_has_room_for_its_pod(named: str) -> None:
    cluster = load(named).cluster
    assert cluster is not None
    head, worker = (c["resources"] for c in ray_containers(rayservice(named)))
    for resources, machine in ((head, MACHINES[cluster.head]), (worker, cluster.machine)):
        asked = resources["requests"]
        assert asked == resources["limits"]
        assert asked.get("nvidia.com/gpu", 0) == machine.gpus
        assert 0 < asked["cpu"] < machine.cpus
        assert 0 < int(asked["memory"].removesuffix("Gi")) <= machine.ram_gib * (1 - 0.075) - 1


def test_what_is_known_of_the_smallest_machine() -> None:
    from vlp_graph.render.pods import rooms

    assert rooms(MACHINES["g5.2xlarge"]) == {"cpu": 7, "memory": "28Gi", "nvidia.com/gpu": 1}


def test_the_profile_decides(tmp_path: Path) -> None:
    data = rayservice(written(tmp_path))
    spec, cluster = data["spec"], data["spec"]["rayClusterConfig"]
    assert data["metadata"]["name"] == "vlp-tiny-eks"
    assert spec["upgradeStrategy"] == {
        "type": "NewClusterWithIncrementalUpgrade",
        "clusterUpgradeOptions": {
            "gatewayClassName": "istio",
            "stepSizePercent": 10,
            "intervalSeconds": 60,
            "maxSurgePercent": 100,
        },
    }
    assert cluster["authOptions"] == {"mode": "token", "secretName": "vlp-ray-token"}
    assert cluster["gcsFaultToleranceOptions"]["redisAddress"] == "redis.data:6379"
    assert cluster["autoscalerOptions"]["idleTimeoutSeconds"] == 120
    (group,) = cluster["workerGroupSpecs"]
    assert (group["minReplicas"], group["replicas"], group["maxReplicas"]) == (1, 1, 4)
    assert group["template"]["spec"]["terminationGracePeriodSeconds"] > load(written(tmp_path)).request_s


def test_without_redis_and_with_kuberays_own_token(tmp_path: Path) -> None:
    text = PLAIN.replace("{instance: g5.12xlarge}", "{instance: g5.12xlarge, secrets: {ray_token: ''}}")
    cluster = rayservice(written(tmp_path, text))["spec"]["rayClusterConfig"]
    assert cluster["authOptions"] == {"mode": "token"}
    assert "gcsFaultToleranceOptions" not in cluster


def test_flags_stand_where_ray_starts_and_secrets_nowhere(named: str) -> None:
    cluster = load(named).cluster
    assert cluster is not None
    for container in ray_containers(rayservice(named)):
        env = variables(container)
        assert env.items() >= FLAGS.items()
        assert env["VLP_API_KEYS_FILE"] == "/etc/vlp/keys/keys.json"
        for variable, secret in (("VLP_MEMORY_URL", cluster.secrets.memory), ("HF_TOKEN", cluster.secrets.hub)):
            if secret:
                assert env[variable]["secretKeyRef"]["name"] == secret
        mounted = {m["name"] for m in container["volumeMounts"]}
        assert "keys" in mounted


def test_every_mount_has_its_volume(named: str) -> None:
    cluster = rayservice(named)["spec"]["rayClusterConfig"]
    for group in (cluster["headGroupSpec"], *cluster["workerGroupSpecs"]):
        spec = group["template"]["spec"]
        assert {m["name"] for m in spec["containers"][0]["volumeMounts"]} == {v["name"] for v in spec["volumes"]}


def test_nobody_is_root(named: str) -> None:
    cluster = rayservice(named)["spec"]["rayClusterConfig"]
    for group in (cluster["headGroupSpec"], *cluster["workerGroupSpecs"]):
        spec = group["template"]["spec"]
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["runAsUser"] > 0
        assert spec["containers"][0]["securityContext"]["allowPrivilegeEscalation"] is False
        assert spec["restartPolicy"] == "Never"


def test_another_content_is_another_version(tmp_path: Path) -> None:
    def mounted(text: str) -> str:
        spec = rayservice(written(tmp_path, text))["spec"]["rayClusterConfig"]["headGroupSpec"]["template"]["spec"]
        (name,) = [v["configMap"]["name"] for v in spec["volumes"] if "configMap" in v]
        return str(name)

    first = mounted(EKS)
    assert mounted(EKS.replace("max: 5", "max: 6")) != first


def test_a_profile_of_the_package_needs_no_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    data = rayservice(written(tmp_path))
    assert variables(ray_containers(data)[1])["VLP_PROFILE"] == f"{PROFILE}/mine.yaml"
