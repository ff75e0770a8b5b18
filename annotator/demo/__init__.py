"""The demo: two small corpora written for this repository, half annotated."""
