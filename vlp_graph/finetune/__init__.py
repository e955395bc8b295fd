"""`vlp finetune`: a planner or a looker of your own, by TRL and PEFT, from JSONL to what a profile can name.

sft -> adapter -> mistakes -> dpo -> better adapter -> merge -> weights. docs/finetune.md tells the whole road.
"""

from vlp_graph.finetune.lines import DataError
from vlp_graph.finetune.lora import LINEARS
from vlp_graph.finetune.settings import SettingsError

__all__ = ["LINEARS", "DataError", "SettingsError"]
