"""All targets by name."""

from tests.fuzz.file_targets import FILE_TARGETS
from tests.fuzz.stream_targets import STREAM_TARGETS
from tests.fuzz.target import Target

TARGETS: dict[str, Target] = STREAM_TARGETS | FILE_TARGETS
