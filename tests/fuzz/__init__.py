"""Hostile input for everything that reads bytes from the network or a file.

targets.py   what is fed: a name and a function of bytes that raises when something is wrong
seeds.py     valid inputs to begin with
mutation.py  how an input becomes another one (for where no coverage-guided fuzzer is installed, and for the suite)
media.py     the targets for RTP, RTCP and SCTP
corpus/      inputs that once found something, or that reach far; one file each, in a folder named after the target

The suite runs corpus, seeds and some thousand mutations (tests/unit/fuzz); `python -m tests.bench.fuzz` runs a
million inputs and more for each target.
"""
