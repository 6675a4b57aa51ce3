"""Write the golden streams that are missing, and print the digests of what they decode to."""

from __future__ import annotations

import hashlib
import json

import pcc
from tests.golden import CLOUDS, FOLDER, encode, program


def main() -> None:
    digests = FOLDER / "digests.json"
    known = json.loads(digests.read_text()) if digests.exists() else {}
    for name in CLOUDS:
        path = FOLDER / f"{name}.pcc"
        if not path.exists():
            path.write_bytes(encode(name))
        decoded = pcc.decode(path.read_bytes(), model=program(name))
        known.setdefault(name, hashlib.sha256(decoded.xyz.tobytes()).hexdigest())
    digests.write_text(json.dumps(known, indent=2, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
