"""Benchmarks: our bot beside a reference that does the bare minimum of the same job, in one run. `make bench` prints the table.

Only ratios of one run count: machines differ, and so do their disks from one minute to the next. Bodies are rendered before the clock
starts; bot and reference take turns in short bursts; what is reported is the median of the rounds' ratios, with their range.
"""
