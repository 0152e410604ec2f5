"""ETT for TensorFlow Datasets: load and oil temperature of power transformers (CC BY-ND 4.0)."""

CHANNELS = ("HUFL", "HULL", "MUFL", "MULL", "LUFL", "LULL", "OT")
STEPS_PER_HOUR = {"ETTh1": 1, "ETTh2": 1, "ETTm1": 4}  # of each config
