"""The command ``pcc``: arguments, help and exit codes. What a command does is in ``pcc.commands``, imported at need.

Starting is part of the time of every command, so nothing is loaded or declared here but what the line asks for:
argparse reads it, the arguments of one command are declared, and rich draws help, which alone needs it
(docs/decisions.md, "The start of a command").

Exit codes: 0 ok, 2 usage or input, 3 corrupt stream, 4 limit exceeded, 5 model missing.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
from argparse import Namespace
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pcc.commands.arguments import CommandParser, count, names
from pcc.commands.sensor_arguments import sensor
from pcc.commands.shared import EXPECTED, OK, USAGE, complain, plain_warnings
from pcc.commands.stdio import path

if TYPE_CHECKING:
    from pcc.codec.limits import Limits

DESCRIPTION = """Learned, bit-exact compression of point clouds.

pcc encode scan.ply -o scan.pcc             lossless
pcc decode scan.pcc -o scan.ply
pcc verify scan.pcc --against scan.ply      proves it
pcc info scan.pcc

Exit codes: 0 ok, 2 usage or input, 3 corrupt stream, 4 limit exceeded, 5 model missing."""


def encode(line: Sequence[str]) -> int:
    """Compress clouds (.ply, .bin, .npz, .pcd) to .pcc.

    pcc encode scan.bin -o scan.pcc                    lossless, every field
    pcc encode drive/ -o compressed/                   a folder of scans
    pcc encode map.ply -o map.pcc --max-error 0.005    within 5 mm
    pcc encode body.ply -o body.pcc --fields none      positions only
    pcc encode body.ply -o body.pcc --bpp 0.1 --fields none          dense clouds: the best that 0.1 bits can be
    pcc encode frames/ -o small/ --psnr 72 --peak 1023               the smallest of 72 dB
    pcc encode kinect.pcd --drop-invalid --max-error 0.0005
    pcc encode drive/ --sensor mine.json               LiDAR in its own lattice; see pcc sensor fit
    pcc encode 000094.bin --order keep                 points come out in the order of the file
    pcc encode raw.bin --columns x,y,z,intensity,ring,time
    pcc encode - --format ply -o - < scan.ply > scan.pcc
    """
    parser = CommandParser("encode", encode.__doc__)
    _add_inputs(parser)
    parser.option("-o", "--output", type=path, help="File, - or folder for several. Default: beside each input.")
    parser.option("--format", help="ply, bin, npz or pcd, whatever the suffix; needed for standard input (-).")
    _add_columns(parser)
    parser.option("--model", default="auto", help="auto, dense, lidar, another that is installed, or adaptive.")
    parser.option("--sensor", default="auto", help="Of a spinning LiDAR: auto, a known one, a .json file, or none.")
    parser.option("--voxel-size", type=float, help="Round to voxels of this edge, in the file's unit.")
    parser.option("--max-error", type=float, help="Move no point farther than this, in the file's unit.")
    parser.option(
        "--bpp", type=float, help="Lose so much that positions take at most so many bits a point. Fields are kept."
    )
    parser.option("--psnr", type=float, help="Lose so much that D1 is at least so many dB, against the voxels.")
    parser.option(
        "--peak", type=float, help="Of --psnr, in voxels: 1023 for vox10. Default: 2^depth - 1 of each cloud."
    )
    parser.option(
        "--quality", type=float, help="Lose by 0 to 100: a dense body takes about 0.04 bits a point at 50, 0.15 at 75."
    )
    parser.option("--order", default="any", help="any, or keep: points come out in the order of the input.")
    parser.option("--fields", default="all", help="all, none, or names: red,green,blue.")
    parser.option("--duplicates", default="keep", help="keep, or merge to one point a voxel (the first).")
    _add_drop_invalid(parser)
    _add_threads(parser)
    _add_json(parser)
    given = parser.parse(line)
    from pcc.commands import encode as command

    fields = [name.strip() for name in given.fields.split(",") if name.strip()]
    return command.run(
        given.inputs,
        given.output,
        threads=given.threads,
        as_json=given.json,
        drop_invalid=given.drop_invalid,
        model=given.model,
        voxel_size=given.voxel_size,
        max_error=given.max_error,
        format=given.format,
        columns=given.columns,
        fields=given.fields if given.fields in ("all", "none") else fields,
        duplicates=given.duplicates,
        sensor=given.sensor,
        order=given.order,
        bpp=given.bpp,
        psnr=given.psnr,
        quality=given.quality,
        peak=given.peak,
    )


def decode(line: Sequence[str]) -> int:
    """Decompress .pcc streams; a stream of several frames gives OUT_000000, OUT_000001 ...

    pcc decode scan.pcc -o scan.ply
    pcc decode scan.pcc -o scan.bin --drop-unsupported
    pcc decode compressed/ -o clouds/ --format npz
    pcc decode - -o - --format ply < scan.pcc > scan.ply
    """
    parser = CommandParser("decode", decode.__doc__)
    _add_inputs(parser)
    parser.option("-o", "--output", type=path, required=True, help="File (.ply, .bin, .npz, .pcd), folder, or -.")
    parser.option(
        "--format", default="ply", help="Format of files in a folder and of standard output: ply, bin, npz, pcd."
    )
    _add_columns(parser)
    parser.flag("--ascii", help="Write PLY as text.")
    parser.flag("--drop-unsupported", help="Leave out fields that the output format cannot hold.")
    _add_limits(parser)
    _add_threads(parser)
    _add_json(parser)
    given = parser.parse(line)
    from pcc.commands import decode as command

    return command.run(
        given.inputs,
        given.output,
        format=given.format,
        limits=_limits(given),
        threads=given.threads,
        as_json=given.json,
        ascii=given.ascii,
        columns=given.columns,
        drop_unsupported=given.drop_unsupported,
    )


def info(line: Sequence[str]) -> int:
    """Show what streams hold, without decoding them.

    pcc info scan.pcc
    pcc info compressed/ --json
    """
    parser = CommandParser("info", info.__doc__)
    _add_inputs(parser)
    _add_limits(parser)
    _add_json(parser)
    given = parser.parse(line)
    from pcc.commands import info as command

    return command.run(given.inputs, limits=_limits(given), as_json=given.json)


def verify(line: Sequence[str]) -> int:
    """Decode streams and check their digests; with --against, also compare them with the originals, point by point.

    pcc verify compressed/
    pcc verify scan.pcc --against scan.bin                  nothing was lost, or by how much points moved
    pcc verify scan.pcc --against scan.bin --max-error 0.02
    pcc verify compressed/ --against drive/                 each stream against the file of its name
    """
    parser = CommandParser("verify", verify.__doc__)
    _add_inputs(parser)
    parser.option("--against", type=path, help="The original, or a folder of originals by the streams' names.")
    parser.option(
        "--max-error", type=float, help="With --against: fail if a point lies farther than this from its place."
    )
    parser.option("--format", help="Of the original: ply, bin, npz or pcd, whatever its suffix.")
    _add_columns(parser)
    parser.option("--psnr", type=float, help="With --against: fail if the D1 PSNR of a lossy stream is lower, in dB.")
    parser.option("--peak", type=float, help="Peak of --psnr, in voxels. Default: 2^depth - 1.")
    _add_drop_invalid(parser)
    _add_limits(parser)
    _add_threads(parser)
    _add_json(parser)
    given = parser.parse(line)
    from pcc.commands import verify as command

    return command.run(
        given.inputs,
        given.against,
        limits=_limits(given),
        threads=given.threads,
        as_json=given.json,
        drop_invalid=given.drop_invalid,
        psnr=given.psnr,
        peak=given.peak,
        max_error=given.max_error,
        format=given.format,
        columns=given.columns,
    )


def compare(line: Sequence[str]) -> int:
    """Measure two clouds as MPEG's pc_error does: D1, D2, largest error, colours, reflectance.

    pcc compare longdress.ply decoded.ply --peak 1023
    pcc compare scan.bin scan.pcc --peak 30 --bound 0.02
    """
    parser = CommandParser("compare", compare.__doc__)
    parser.positional("a", type=path, help="The reference: a cloud or a stream.")
    parser.positional("b", type=path, help="The cloud or stream to judge.")
    help_of_peak = "Peak of D1 and D2: 1023 for vox10, 30 for KITTI in metres."
    parser.option("--peak", type=float, required=True, help=help_of_peak)
    parser.option("--bound", type=float, help="Report how many points lie within this distance of the other cloud.")
    parser.option(
        "--reflectance-peak",
        type=float,
        help="Peak of its PSNR. Default: the largest value of the dtype, 1 for floats.",
    )
    _add_columns(parser)
    _add_drop_invalid(parser)
    _add_json(parser)
    given = parser.parse(line)
    from pcc.commands import compare as command

    return command.run(
        given.a,
        given.b,
        peak=given.peak,
        bound=given.bound,
        reflectance_peak=given.reflectance_peak,
        drop_invalid=given.drop_invalid,
        as_json=given.json,
        columns=given.columns,
    )


def view(line: Sequence[str]) -> int:
    """Show one cloud, or two side by side, in a window; or draw them to a PNG, without a display.

    pcc view scan.ply                                   a window (extra view): turn it with the mouse
    pcc view scan.ply scan.pcc --png both.png           a file or a stream each; needs no extra
    pcc view scan.bin --field intensity --png scan.png
    pcc view scan.ply decoded.ply --error --png e.png   B coloured by its distance to A (extra eval)
    pcc view body.ply --up y --turn 90 --size 700x900 --png side.png

    Points have their own colours where the clouds hold red, green and blue; otherwise colours show the height.
    """
    parser = CommandParser("view", view.__doc__)
    parser.positional("a", type=path, help="A cloud or a stream; with --error, the reference.")
    parser.positional("b", type=path, nargs="?", help="Another one to show beside it.")
    parser.option("--field", help="Colour by this field.")
    parser.flag("--error", help="Colour B by the distance of its points to the nearest of A.")
    parser.option("--png", type=path, help="Draw to this file instead of a window.")
    parser.option("--size", default="1200x900", help="Width and height of the picture or window, in pixels.")
    parser.option("--up", default="auto", help="Axis that points up: x, y, z, or auto (from the shape of the cloud).")
    parser.option("--turn", type=float, help="Degrees to walk around the cloud to the right. Default: from its shape.")
    _add_columns(parser)
    _add_drop_invalid(parser)
    _add_json(parser)
    given = parser.parse(line)
    from pcc.commands import view as command

    return command.run(
        given.a,
        given.b,
        field=given.field,
        error=given.error,
        png=given.png,
        size=given.size,
        up=given.up,
        turn=given.turn,
        drop_invalid=given.drop_invalid,
        as_json=given.json,
        columns=given.columns,
    )


def models(line: Sequence[str]) -> int:
    """List the installed models with their digests and licences."""
    parser = CommandParser("models", models.__doc__)
    _add_json(parser)
    given = parser.parse(line)
    from pcc.commands import models as command

    return command.run(as_json=given.json)


def doctor(line: Sequence[str]) -> int:
    """Check this installation: versions, kernels, extras, models, and a short self-test."""
    parser = CommandParser("doctor", doctor.__doc__)
    _add_json(parser)
    given = parser.parse(line)
    from pcc.commands import doctor as command

    return command.run(as_json=given.json)


COMMANDS = {
    command.__name__: command for command in (encode, decode, info, verify, compare, view, sensor, models, doctor)
}


def _add_inputs(parser: CommandParser) -> None:
    parser.positional("inputs", type=path, nargs="+", help="Files, or folders to search, or - for standard input.")


def _add_columns(parser: CommandParser) -> None:
    text = "Of raw .bin files: what their float32 are, such as x,y,z,intensity,ring; _ skips one. Default: recognised."
    parser.option("--columns", type=names, help=text)


LIMITS = {
    "points": "Refuse frames of more points. Default: 33,554,432.",
    "fields": "Refuse frames of more fields. Default: 4,096.",
    "field_bytes": "Refuse frames of more bytes of fields. Default: 1 GiB.",
    "frames": "Refuse files of more frames. Default: 1,048,576.",
    "nodes": "Refuse files of more work, in nodes of an octree (docs/limits.md). Default: by the size of the file.",
}


def _add_limits(parser: CommandParser) -> None:
    for name, text in LIMITS.items():
        parser.option(f"--max-{name.replace('_', '-')}", type=count, help=text)


def _limits(given: Namespace) -> Limits:
    """The default ones, but for those that are given."""
    from pcc.codec.limits import Limits

    limits = {f"max_{name}": getattr(given, f"max_{name}") for name in LIMITS}
    return Limits(**{name: limit for name, limit in limits.items() if limit is not None})


def _add_threads(parser: CommandParser) -> None:
    text = "Number of threads; 0 means all cores. The result is the same with any number."
    parser.option("--threads", type=count, default=0, help=text)


def _add_drop_invalid(parser: CommandParser) -> None:
    parser.flag("--drop-invalid", help="Leave out points with NaN or infinite coordinates.")


def _add_json(parser: CommandParser) -> None:
    parser.flag("--json", help="Print one JSON object per line instead of text.")


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the command line; ends in SystemExit with the exit code. Expected errors become one line on stderr."""
    _end_in_order_when_terminated()
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # no command uses BLAS; its threads cost numpy 50 ms of start
    try:
        with plain_warnings():
            code = _run(list(sys.argv[1:] if arguments is None else arguments))
        gc.freeze()  # all that is left ends with the process; searching it for garbage first would cost 8 ms
        sys.exit(code)
    except BrokenPipeError:  # nobody reads the results any more: end without a word
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)
    except EXPECTED as error:
        sys.exit(complain(error))


def _run(line: list[str]) -> int:
    """The command that the line begins with; gives the exit code."""
    if not line or line[0] in ("-h", "--help"):
        from pcc.commands.help import show_overview

        docs = {name: command.__doc__ or "" for name, command in COMMANDS.items()}
        show_overview(DESCRIPTION, docs, options={"-V, --version": "Show the version and exit."})
        return OK if line else USAGE
    if line[0] in ("-V", "--version"):
        from pcc import __version__

        sys.stdout.write(f"pcc {__version__}\n")
        return OK
    if line[0] not in COMMANDS:
        raise ValueError(f"no command {line[0]!r}; there are {', '.join(COMMANDS)} (pcc --help)")
    return COMMANDS[line[0]](line[1:])


def _end_in_order_when_terminated() -> None:
    """SIGTERM unwinds like Ctrl-C, so that no temporary file stays behind; a handler of the caller's is kept."""
    if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGTERM) == signal.SIG_DFL:
        signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))


if __name__ == "__main__":
    main()
