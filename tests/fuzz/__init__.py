"""Hostile inputs: fuzz targets, what they are fed with, and every input that once was a finding (docs/fuzzing.md).

seeds --> mutation --> target --> guard --> finding --> minimised --> cases/<target>/
  ^           |                                                            |
  +-----------+  (kept where it reaches new code)         test_regression: every case and seed, in seconds

python -m tests.fuzz --minutes 10     all targets (`make fuzz`)
"""
