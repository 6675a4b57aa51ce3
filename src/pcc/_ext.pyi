"""The compiled extension; `pcc.ops` types and documents what it offers."""

from typing import Any

class CorruptStream(Exception): ...

def __getattr__(name: str) -> Any: ...
