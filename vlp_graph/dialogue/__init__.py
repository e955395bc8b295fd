"""From a turn of the dialogue to its answer: understand, plan, execute, aggregate."""
