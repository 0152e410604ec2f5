"""All tasks by name."""

from tuning.corpus_tasks import SERIES, Entities, Reviews
from tuning.sequence_tasks import Adding, Copy, Music, Parity, Spikes

TASKS = {
    "imdb": Reviews,
    "ner": Entities,
    **SERIES,
    "jsb": Music,
    "adding": Adding,
    "copy": Copy,
    "parity": Parity,
    "spikes": Spikes,
}
