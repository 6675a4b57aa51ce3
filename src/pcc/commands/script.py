"""How ``train.py`` and ``eval.py`` end: a user's mistake is one line and exit code 2, as it is with ``pcc``.

A bug keeps its traceback; HYDRA_FULL_ERROR=1 keeps it for everything. Nothing here imports Hydra: it may be missing,
and that is said like all else.
"""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType

from pcc.commands.shared import EXPECTED, USAGE, one_line, plain_warnings
from pcc.extras import missing

_FULL_ERROR = "HYDRA_FULL_ERROR"
_ASKED = os.environ.get(_FULL_ERROR) == "1"  # by the user, before it is set below


@contextmanager
def plainly(program: str, extra: str) -> Iterator[None]:
    """Ends the process with a line where what is done within raises what a user can mend.

    Args:
        program: name before the line.
        extra: that brings what the program needs.

    Raises:
        SystemExit: something was wrong, or the user broke off.
    """
    os.environ[_FULL_ERROR] = "1"  # Hydra raises what it would print
    try:
        with plain_warnings():
            yield
    except KeyboardInterrupt:
        sys.stderr.write(f"{program}: interrupted\n")
        sys.exit(128 + signal.SIGINT)
    except Exception as error:
        said = None if _ASKED else mistake(error, extra)
        if said is None:
            raise
        sys.stderr.write(f"{program}: {said}\n")
        sys.exit(USAGE)


def mistake(error: BaseException, extra: str) -> str | None:
    """What to tell the user in a line; None for a bug."""
    if _is_of_hydra(type(error).__module__):
        return _mistake_in_configuration(error, extra)
    if isinstance(error, ImportError) and (said := missing(error, extra)):
        return said
    return one_line(error) if isinstance(error, EXPECTED) else None


def _mistake_in_configuration(error: BaseException, extra: str) -> str | None:
    """Of an error that Hydra or OmegaConf raised, or wrapped around what a part of the configuration raised."""
    options, name = getattr(error, "options", None), getattr(error, "missing_cfg_file", None)
    if name and options:
        return f"there is no {name}; expected one of {', '.join(options)}"
    cause, key = error.__cause__, re.search(r"^\s*full_key: (\S+)", str(error), re.MULTILINE)
    if type(error).__name__ == "MissingMandatoryValue" and key:
        return f"{key[1]}: expected a value, got none; give {key[1]}=VALUE"
    if type(error).__name__ != "InstantiationException" or cause is None:
        return one_line(error)
    if isinstance(cause, TypeError) and _is_of_hydra(_where_raised(cause.__traceback__)):
        return f"{key[1] if key else 'configuration'}: {cause}"  # arguments that the part does not have
    return mistake(cause, extra)


def _is_of_hydra(module: str) -> bool:
    return module.partition(".")[0] in ("hydra", "omegaconf", "antlr4")


def _where_raised(traceback: TracebackType | None) -> str:
    """The module whose code raised."""
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    return "" if traceback is None else traceback.tb_frame.f_globals.get("__name__", "")
