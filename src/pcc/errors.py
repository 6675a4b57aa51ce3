"""The errors that pcc raises on purpose; each says what was expected and what came.

Wrong arguments raise ``ValueError`` or ``TypeError``. Everything that depends on a file, a stream, a model or a
program outside raises one of these, so that a caller can tell its own mistake from a broken input.
"""


class PccError(Exception):
    """Base of all errors of this package."""


class InvalidCloud(PccError):
    """The input cloud cannot be coded as asked (NaN, no common grid, unreadable file)."""


class CorruptStream(PccError):
    """The stream is truncated, damaged, or not a pcc stream."""


class LimitExceeded(PccError):
    """The stream or the cloud is larger than the limits that the caller set."""


class ModelMismatch(PccError):
    """The model that the stream needs is not installed, or is not the one given."""


class InvalidSensor(PccError):
    """A sensor's table is not valid or not known, or frames show no spinning LiDAR's lattice."""


class UnsupportedField(PccError):
    """A field has a type that the format cannot carry."""


class TrainingDiverged(PccError):
    """A loss is not finite; the last checkpoint is from before."""


class RunExists(PccError):
    """The folder of a new training run holds another one."""


class AnchorError(PccError):
    """An anchor codec is missing or failed."""


class Unsuitable(AnchorError):
    """An anchor codec is not made for such a cloud, field or setting."""


class TaskError(PccError):
    """A perception task cannot run: its program is missing, or its frames are not what it needs."""


class MissingField(TaskError):
    """A frame lacks a field that a task requires."""


class PccWarning(UserWarning):
    """Something was read or left out otherwise than one might expect; the command line shows it as one plain line."""
