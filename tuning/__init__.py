"""Which cell, how deep? Sweeps over the models and data of `keras_rnnzoo`, and their reports.

`python -m tuning.sweep --help` says how to begin; `README.md` beside this file says the rest.
"""
