"""Shares of GPUs, cores and memory packed into machines."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlp_graph.config import load
from vlp_graph.config.hardware import A10G
from vlp_graph.sizing.machines import Node
from vlp_graph.sizing.memory import Footprint, footprints
from vlp_graph.sizing.placement import pack

NODE = Node("four", A10G, 4, 47, 168)
ONE = footprints(load("g5-12xlarge"), A10G)[0]


def item(share: float, ranks: int = 1, cpus: float = 1.0, ram: float = 2.0) -> Footprint:
    return replace(ONE, share=share, ranks=ranks, cpus=cpus, ram=ram)


def test_shares_fill_up_gpus() -> None:
    machines, homeless = pack([item(0.5)] * 8, NODE)
    assert len(machines) == 1
    assert not homeless
    assert machines[0].free == pytest.approx([0] * 4)


def test_shares_that_do_not_pack_take_another_machine() -> None:
    """Five times 0.6 are three GPUs in all, and five that have room for one each."""
    machines, _ = pack([item(0.6)] * 5, NODE)
    assert len(machines) == 2


def test_ranks_stand_together_each_on_a_gpu_of_its_own() -> None:
    machines, _ = pack([item(1, ranks=3), item(1, ranks=3)], NODE)
    assert len(machines) == 2
    assert {len(set(p.gpus)) for machine in machines for p in machine.placed} == {3}


def test_cores_and_memory_count_as_well() -> None:
    assert len(pack([item(0.1, cpus=20)] * 3, NODE)[0]) == 2
    assert len(pack([item(0.1, ram=100)] * 2, NODE)[0]) == 2


def test_what_no_machine_holds_is_told() -> None:
    wide = item(1, ranks=8)
    machines, homeless = pack([wide, item(0.5)], NODE)
    assert homeless == [wide]
    assert len(machines) == 1


@given(
    st.lists(
        st.builds(
            item,
            share=st.sampled_from([0.0, 0.1, 0.25, 0.3, 0.34, 0.5, 0.6, 1.0]),
            cpus=st.sampled_from([0.5, 1.0, 8.0]),
            ram=st.sampled_from([0.5, 4.0, 60.0]),
        ),
        max_size=30,
    )
)
def test_no_machine_is_overfull_and_nothing_is_lost(items: list[Footprint]) -> None:
    machines, homeless = pack(items, NODE)
    assert sum(len(m.placed) for m in machines) + len(homeless) == len(items)
    for machine in machines:
        assert machine.placed
        assert min(machine.free) >= -1e-6
        assert machine.cpus >= -1e-6
        assert machine.ram >= -1e-6
        for gpu in range(4):
            used = sum(p.footprint.share for p in machine.placed if gpu in p.gpus)
            assert used == pytest.approx(1 - machine.free[gpu])
