"""Where machines come from: `ray up` on EC2, Karpenter and eksctl on EKS; and that the replicas fit on them."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import ray
import yaml
from ray.autoscaler._private.util import prepare_config, validate_config

from tests.unit.render.profiles import EKS, PLAIN, written
from vlp_graph.config import Cluster, load
from vlp_graph.config.loading import load as loaded
from vlp_graph.render.check import check
from vlp_graph.render.pods import rooms
from vlp_graph.render.render import render
from vlp_graph.render.what import What
from vlp_graph.serving import FLAGS


def cluster_of(profile: str) -> Cluster:
    cluster = load(profile).cluster
    assert cluster is not None
    return cluster


def ray_up(profile: str) -> dict[str, Any]:
    data = yaml.safe_load(render(What.RAY_UP, profile))
    assert isinstance(data, dict)
    return data


def pools(profile: str) -> dict[str, dict[str, Any]]:
    """What Karpenter is told, by kind and purpose."""
    found = yaml.safe_load_all(render(What.KARPENTER, profile))
    return {d["metadata"]["name"].rpartition("-")[2] if d["kind"] == "NodePool" else d["kind"]: d for d in found}


def test_ray_takes_the_config(named: str, tmp_path: Path) -> None:
    validate_config(prepare_config(ray_up(named)))
    path = tmp_path / "cluster.yaml"
    path.write_text(render(What.RAY_UP, named))
    assert check(path) == []


def test_ray_up_starts_what_the_profile_says(named: str) -> None:
    data, cluster = ray_up(named), cluster_of(named)
    models, head = data["available_node_types"]["models"], data["available_node_types"]["head"]
    assert models["node_config"]["InstanceType"] == cluster.instance
    assert models["resources"] == {"CPU": cluster.machine.cpus, "GPU": cluster.machine.gpus}
    assert (models["min_workers"], models["max_workers"]) == (cluster.nodes.min, cluster.nodes.max)
    assert data["max_workers"] == cluster.nodes.max
    assert head["resources"] == {"CPU": 0}
    assert data["docker"]["image"].rpartition(":")[2].partition("-")[0] == ray.__version__
    assert ("InstanceMarketOptions" in models["node_config"]) == cluster.spot


def test_ray_up_has_flags_and_token_and_no_secret_itself(named: str) -> None:
    data, secrets = ray_up(named), cluster_of(named).secrets
    options = data["docker"]["run_options"]
    assert {f"-e {key}={value}" for key, value in FLAGS.items()} <= set(options)
    assert "-e RAY_AUTH_MODE=token" in options
    (token,) = [o.partition("=")[2] for o in options if o.startswith("-e RAY_AUTH_TOKEN_PATH=")]
    assert data["file_mounts"][str(Path(token).parent)] == f"./secrets/{secrets.ray_token}"
    starts = [*data["head_start_ray_commands"], *data["worker_start_ray_commands"]]
    assert "--dashboard-host=127.0.0.1" in " ".join(data["head_start_ray_commands"])
    for name in {part.split("/")[4] for s in starts for part in s.split() if part.startswith("/home/ray/secrets/")}:
        assert f"/home/ray/secrets/{name}" in data["file_mounts"]


def test_only_the_clients_reach_the_port(tmp_path: Path) -> None:
    (rule,) = ray_up(written(tmp_path))["provider"]["security_group"]["IpPermissions"]
    assert (rule["FromPort"], rule["ToPort"], rule["IpRanges"]) == (8000, 8000, [{"CidrIp": "10.0.0.0/16"}])
    assert ray_up(written(tmp_path, PLAIN))["provider"]["security_group"]["IpPermissions"] == []


def test_setting_up_writes_the_profile_as_it_is(tmp_path: Path) -> None:
    path = written(tmp_path)
    command = next(c for c in ray_up(path)["setup_commands"] if "printf" in c)
    here = tmp_path / "node"
    subprocess.run(["bash", "-c", command.replace("/home/ray", str(here))], check=True)
    assert loaded(str(here / "profile" / "mine.yaml")) == load(path)


def test_an_image_of_ecr_is_pulled_with_a_password_of_the_day(tmp_path: Path) -> None:
    text = EKS.replace("registry:5000/team", "123456789012.dkr.ecr.eu-west-1.amazonaws.com").replace(
        "spot: true", "region: eu-west-1"
    )
    (_, login) = ray_up(written(tmp_path, text))["initialization_commands"]
    assert "--region eu-west-1" in login
    assert login.endswith(" 123456789012.dkr.ecr.eu-west-1.amazonaws.com")


def test_karpenter_may_bring_what_an_upgrade_needs(named: str) -> None:
    cluster, found = cluster_of(named), pools(named)
    at_once = 1 if cluster.upgrade == "None" else 2
    models = found["models"]["spec"]
    assert models["limits"]["nvidia.com/gpu"] == cluster.nodes.max * cluster.machine.gpus * at_once
    assert models["template"]["spec"]["taints"] == [{"key": "nvidia.com/gpu", "value": "true", "effect": "NoSchedule"}]
    for purpose, instance in (("models", cluster.instance), ("head", cluster.head)):
        spec = found[purpose]["spec"]["template"]["spec"]
        wanted = {r["key"]: r["values"] for r in spec["requirements"]}
        assert wanted["node.kubernetes.io/instance-type"] == [instance]
        assert spec["nodeClassRef"]["name"] == found["EC2NodeClass"]["metadata"]["name"]


def test_pods_tolerate_and_select_what_karpenter_brings(named: str) -> None:
    cluster = yaml.safe_load(render(What.RAYSERVICE, named))["spec"]["rayClusterConfig"]
    found = pools(named)
    for purpose, group in (("head", cluster["headGroupSpec"]), ("models", cluster["workerGroupSpecs"][0])):
        pod, pool = group["template"]["spec"], found[purpose]["spec"]["template"]["spec"]
        wanted = {r["key"]: r["values"] for r in pool["requirements"]}
        assert all(value in wanted[key] for key, value in pod["nodeSelector"].items())
        tolerated = {t["key"] for t in pod.get("tolerations", [])}
        assert {taint["key"] for taint in pool.get("taints", [])} <= tolerated


def test_eksctl_has_the_region_and_the_tag_by_which_karpenter_finds_it(named: str) -> None:
    data, cluster = yaml.safe_load(render(What.EKSCTL, named)), cluster_of(named)
    assert data["metadata"]["region"] == cluster.region
    tag = data["metadata"]["tags"]["karpenter.sh/discovery"]
    assert pools(named)["EC2NodeClass"]["spec"]["subnetSelectorTerms"] == [{"tags": {"karpenter.sh/discovery": tag}}]


def shares(profile: str, *, most: bool) -> Iterator[list[tuple[float, float]]]:
    """Of each replica, for each of its ranks: share of a GPU, and cores. Ranks belong together."""
    for _, model in load(profile).models:
        for _ in range(model.replicas.max if most else model.replicas.min):
            yield [(model.num_gpus, model.num_cpus)] * model.ranks
    for _ in range(load(profile).http.replicas):
        yield [(0.0, load(profile).http.num_cpus)]


def packs(profile: str, nodes: int, *, most: bool) -> bool:
    """First fit, the largest first: shares of one GPU lie on one GPU, a replica's ranks on one machine."""
    room = rooms(cluster_of(profile).machine)
    machines = [([1.0] * int(room.get("nvidia.com/gpu", 0)), [float(room["cpu"])]) for _ in range(nodes)]
    for replica in sorted(shares(profile, most=most), key=lambda ranks: -sum(g for g, _ in ranks)):
        for gpus, cores in machines:
            tried, left = list(gpus), cores[0]
            for gpu, cpu in replica:
                place = next((i for i, free in enumerate(tried) if free + 1e-6 >= gpu), None) if gpu else -1
                if place is None or left + 1e-6 < cpu:
                    break
                left -= cpu
                if place >= 0:
                    tried[place] -= gpu
            else:
                gpus[:], cores[0] = tried, left
                break
        else:
            return False
    return True


@pytest.mark.parametrize("most", [False, True], ids=["min", "max"])
def test_replicas_fit_into_whole_gpus_of_the_pods(named: str, most: bool) -> None:
    nodes = cluster_of(named).nodes
    assert packs(named, nodes.max if most else nodes.min, most=most)


def test_replicas_that_do_not_fit_are_seen(tmp_path: Path) -> None:
    crowded = written(tmp_path, EKS.replace("num_gpus: 0.3", "num_gpus: 0.6"))
    assert not packs(crowded, 1, most=False)
    assert packs(crowded, 2, most=False)
