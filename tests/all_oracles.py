"""The oracles of all layers, and the own options of a layer that change what it computes."""

import oracle_cases
import oracles

ORACLES = oracles.ORACLES | oracle_cases.ORACLES
STATES = oracles.STATES | oracle_cases.STATES

OWN = {
    "GRU": [{"reset_after": True}, {"reset_after": False}],
    "PeepholeLSTM": [{"peephole": "diagonal"}, {"peephole": "full"}],
    "MinGRU": [{"candidate": name} for name in ("positive", "linear", "signed")],
}
for case in oracle_cases.CASES:
    OWN.setdefault(case.cell, []).append(case.own)
