"""Ready models: they take raw data, and save and load in one file."""

from keras_rnnzoo.models.clip_classifier import ClipClassifier
from keras_rnnzoo.models.evidence_classifier import EvidenceClassifier
from keras_rnnzoo.models.forecaster import Forecaster
from keras_rnnzoo.models.language_model import LanguageModel
from keras_rnnzoo.models.seq2seq import Seq2Seq
from keras_rnnzoo.models.sequence_classifier import SequenceClassifier
from keras_rnnzoo.models.sequence_predictor import SequencePredictor
from keras_rnnzoo.models.sequence_tagger import SequenceTagger
from keras_rnnzoo.models.text_classifier import TextClassifier

__all__ = [
    "ClipClassifier",
    "EvidenceClassifier",
    "Forecaster",
    "LanguageModel",
    "Seq2Seq",
    "SequenceClassifier",
    "SequencePredictor",
    "SequenceTagger",
    "TextClassifier",
]
