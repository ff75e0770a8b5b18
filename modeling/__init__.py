"""Sequence labelling with BERT and a CRF: a library without Django or Celery."""
