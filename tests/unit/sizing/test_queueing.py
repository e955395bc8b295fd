"""The simulation of waiting against queueing theory, and what it makes of a load."""

from __future__ import annotations

import json
import statistics
from pathlib import Path

import pytest
from typer.testing import CliRunner

from vlp_graph.cli import app
from vlp_graph.config import ProfileError, load
from vlp_graph.sizing import load as loads
from vlp_graph.sizing.queueing import Arrival, Measured, Stages, Station, poisson, simulate, size


def measured(*samples: Stages, cores: float = 1.0, profile: str = "embedded") -> Measured:
    return Measured(
        profile=profile, machine="test", cores=cores, mix={"turn": 1.0}, turns={"turn": list(samples)}, gains={}
    )


HALF_A_SECOND = measured(((("idefics", 0.5),),))


def mean_seconds(station: Station, times: Measured = HALF_A_SECOND, *, rate: float = 1.0, cores: float = 1.0) -> float:
    outcome = simulate({"idefics": station}, times, poisson(times, rate, 20_000, seed=3), cores=cores)
    return statistics.mean(outcome.seconds)


def test_one_server_waits_as_pollaczek_and_khinchine_say() -> None:
    """M/D/1 at half load: s + rho s / (2 (1 - rho)) = 0.75 s."""
    assert mean_seconds(Station(on_cpu=False)) == pytest.approx(0.75, rel=0.03)


def test_shared_work_takes_as_long_as_processor_sharing_says() -> None:
    """M/D/1 with processor sharing: s / (1 - rho) = 1 s."""
    assert mean_seconds(Station(slots=10_000, on_cpu=False)) == pytest.approx(1.0, rel=0.03)


def test_two_servers_wait_as_erlang_says() -> None:
    """M/M/2 at 1.2 Erlang: C = 0.45, so that W = s + C s / (2 - 1.2)."""
    import random

    rng = random.Random(1)
    times = measured(*(((("idefics", rng.expovariate(1)),),) for _ in range(5000)))
    assert mean_seconds(Station(2, on_cpu=False), times, rate=1.2) == pytest.approx(1 + 0.45 / 0.8, rel=0.06)


def test_company_that_costs_nothing() -> None:
    assert mean_seconds(Station(slots=10_000, gain=1.0, on_cpu=False), rate=10) == pytest.approx(0.5)


def test_replicas_share_cores() -> None:
    """Four replicas on one core are no faster than one that is shared."""
    assert mean_seconds(Station(4, cores := 1), rate=1, cores=cores) == pytest.approx(1.0, rel=0.06)
    assert mean_seconds(Station(4), rate=1, cores=4) == pytest.approx(0.5, rel=0.05)


def test_stages_follow_each_other_and_steps_stand_side_by_side() -> None:
    times = measured(((("llama", 1.0),), (), (("idefics", 2.0), ("grounded_sam", 3.0))))
    stations = {name: Station(on_cpu=False) for name in ("llama", "idefics", "grounded_sam")}
    outcome = simulate(stations, times, [Arrival(0.0, "turn")], cores=1, warm_up=0)
    assert outcome.seconds == [pytest.approx(4.0)]
    assert outcome.busy == {"llama": 0.25, "idefics": 0.5, "grounded_sam": 0.75}


def test_a_load_gets_as_many_replicas_as_it_needs_and_no_fewer_do() -> None:
    stations = {"idefics": Station(on_cpu=False)}
    sized = size(stations, HALF_A_SECOND, rate=20, slo_s=1, cores=1)
    assert sized is not None
    n = sized.replicas["idefics"]
    assert n >= 11  # ten are busy on average
    one_less = simulate(
        {"idefics": Station(n - 1, on_cpu=False)}, HALF_A_SECOND, poisson(HALF_A_SECOND, 20, 600), cores=1
    )
    assert n == 11 or one_less.percentile(0.95) > 1


def test_a_turn_that_is_too_slow_alone_is_helped_by_nothing() -> None:
    assert size({"idefics": Station(on_cpu=False)}, HALF_A_SECOND, rate=0.1, slo_s=0.4, cores=1) is None


def test_shared_cores_grow_by_machines() -> None:
    sized = size({"idefics": Station()}, HALF_A_SECOND, rate=4, slo_s=2, cores=1)
    assert sized is not None
    assert sized.machines >= 3
    assert sized.replicas["idefics"] == sized.machines


def test_the_work_of_a_turn() -> None:
    times = measured(((("llama", 1.0),), (("idefics", 2.0),)), ((("llama", 3.0),),))
    assert times.work() == {"llama": 2.0, "idefics": 1.0}


@pytest.mark.parametrize(("text", "seconds"), [("3s", 3), ("800ms", 0.8), ("1.5", 1.5), ("2m", 120)])
def test_lengths_of_time(text: str, seconds: float) -> None:
    assert loads.seconds(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "fast", "-3s", "0s", "3h"])
def test_what_is_no_length_of_time(text: str) -> None:
    with pytest.raises(ProfileError, match="3s, 800ms, 2m"):
        loads.seconds(text)


def saved(path: Path, times: Measured) -> str:
    path.write_text(json.dumps({"measured": times.model_dump(mode="json")}))
    return str(path)


def test_on_gpus_the_answer_is_a_number_of_machines(tmp_path: Path) -> None:
    path = saved(tmp_path / "t.json", measured(((("idefics", 0.4),), (("grounded_sam", 0.2),)), profile="eks"))
    done = CliRunner().invoke(app, ["plan", "eks", "--load", "4", "--slo", "2s", "--times", path])
    assert done.exit_code == 0, done.output
    assert "machines (g5.2xlarge)" in done.output
    assert "Poisson" in done.output
    over = CliRunner().invoke(app, ["plan", "eks", "--load", "40", "--slo", "2s", "--times", path])
    assert over.exit_code == 2
    assert "there are 8 at most" in " ".join(over.output.split())


def test_times_of_another_profile_are_said_to_be_others(tmp_path: Path) -> None:
    path = saved(tmp_path / "t.json", HALF_A_SECOND)
    done = CliRunner().invoke(app, ["plan", "eks", "--load", "1", "--times", path])
    assert "not the times of eks" in done.output
    own = CliRunner().invoke(app, ["plan", "embedded", "--load", "1", "--times", path])
    assert "cores of one machine do 2.00 turns a second at most" in own.output


def test_without_service_times_it_says_how_to_get_them(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["plan", "--load", "1", "--times", str(tmp_path / "none.json")])
    assert done.exit_code == 2
    assert "python -m benchmarks.service_times" in done.stderr


def test_every_deployment_of_a_profile_is_a_station() -> None:
    found = loads.stations(load("g5-12xlarge"), HALF_A_SECOND)
    assert set(found) == {"llama", "idefics", "grounded_sam", "whisper", "distilbert", "ingress"}
    assert (found["llama"].replicas, found["llama"].slots, found["whisper"].slots) == (2, 16, 1)
    assert set(loads.TASK_STATIONS.values()) <= set(found)
