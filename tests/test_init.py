"""``import pcc`` is light, and the codec never brings torch in."""

from __future__ import annotations

import subprocess
import sys

import pcc


def loaded_modules(code: str) -> set[str]:
    script = f"import sys\n{code}\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    return set(done.stdout.split())


def test_import_loads_neither_numpy_nor_anything_large():
    modules = loaded_modules("import pcc")
    assert not modules & {"numpy", "torch", "plyfile", "rich", "argparse", "pcc._ext"}


def test_encoding_and_decoding_load_no_torch():
    code = "import pcc, numpy\npcc.decode(pcc.encode(pcc.PointCloud(numpy.array([[0, 0, 0], [1, 2, 3]]))))"
    modules = loaded_modules(code)
    assert "numpy" in modules
    assert not modules & {"torch", "scipy", "rich", "argparse"}


def test_every_public_name_exists():
    for name in pcc.__all__:
        assert getattr(pcc, name) is not None
    assert set(pcc.__all__) <= set(dir(pcc))
    assert not hasattr(pcc, "nonesuch")
