"""Studies: how well and how fast it works, each printed as a table (`python -m scripts.studies NAME`).

In: label folders of images. Out: tables on stdout; embeddings and hashes in `--work`. May import `scripts.learn`.
Each study is a module with `add_flags(parser)` and `run(flags)`; its docstring says what is measured and how.
"""
