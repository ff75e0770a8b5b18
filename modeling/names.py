"""The names of the encoders that need no path and no hub; loads no torch."""

from typing import Final

BUNDLED: Final = "bundled"  # a small pretrained transformer
SCRATCH: Final = "scratch"  # a character-level BERT, trained from nothing
BILSTM: Final = "bilstm"  # a recurrent network over words, trained from nothing
IDCNN: Final = "idcnn"  # a convolutional network over words, trained from nothing

OVER_WORDS: Final = (BILSTM, IDCNN)
UNTRAINED: Final = (SCRATCH, *OVER_WORDS)
