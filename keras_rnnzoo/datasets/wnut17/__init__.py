"""WNUT-17 for TensorFlow Datasets: new and rare named entities in noisy text (CC BY 4.0)."""
