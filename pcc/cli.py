"""The command ``pcc``: arguments, help and exit codes. What a command does is in ``pcc.commands``, imported at need.

Exit codes: 0 ok, 2 usage or input, 3 corrupt stream, 4 limit exceeded, 5 model missing.
"""

from __future__ import annotations

import signal
import sys
import threading
from pathlib import Path
from typing import Annotated

import typer

from pcc.commands.shared import EXPECTED, complain

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help="""Learned, bit-exact compression of point clouds.

    \b
    pcc encode scan.ply -o scan.pcc             lossless
    pcc decode scan.pcc -o scan.ply
    pcc verify scan.pcc --against scan.ply      proves it
    pcc info scan.pcc

    Exit codes: 0 ok, 2 usage or input, 3 corrupt stream, 4 limit exceeded, 5 model missing.""",
)

Inputs = Annotated[list[Path], typer.Argument(help="Files, or folders to search.", show_default=False)]
Json = Annotated[bool, typer.Option("--json", help="One JSON object a line instead of text.")]
Threads = Annotated[int, typer.Option(help="Threads of the kernels; 0: all cores. Never changes the result.", min=0)]
MaxPoints = Annotated[int, typer.Option(help="Refuse frames of more points.", min=0)]
DEFAULT_MAX_POINTS = 1 << 25


@app.command()
def encode(
    inputs: Inputs,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="File, or folder for several. Default: beside each input.")
    ] = None,
    model: Annotated[str, typer.Option(help="auto, dense, lidar, another that is installed, or adaptive.")] = "auto",
    voxel_size: Annotated[float | None, typer.Option(help="Round to voxels of this edge, in the file's unit.")] = None,
    max_error: Annotated[
        float | None, typer.Option(help="Move no point farther than this, in the file's unit.")
    ] = None,
    fields: Annotated[str, typer.Option(help="all, none, or names: red,green,blue.")] = "all",
    duplicates: Annotated[str, typer.Option(help="keep, or merge to one point a voxel (the first).")] = "keep",
    threads: Threads = 0,
    json: Json = False,
) -> None:
    """Compress clouds (.ply, .bin, .npz, .pcd) to .pcc.

    \b
    pcc encode scan.bin -o scan.pcc                    lossless, every field
    pcc encode drive/ -o compressed/                   a folder of scans
    pcc encode map.ply -o map.pcc --max-error 0.005    within 5 mm
    pcc encode body.ply -o body.pcc --fields none      positions only
    """
    from pcc.commands import encode as command

    wanted = fields if fields in ("all", "none") else [name.strip() for name in fields.split(",") if name.strip()]
    code = command.run(
        inputs,
        output,
        threads=threads,
        as_json=json,
        model=model,
        voxel_size=voxel_size,
        max_error=max_error,
        fields=wanted,
        duplicates=duplicates,
    )
    raise typer.Exit(code)


@app.command()
def decode(
    inputs: Inputs,
    output: Annotated[Path, typer.Option("-o", "--output", help="File (.ply, .bin, .npz, .pcd), or folder.")],
    format: Annotated[str, typer.Option(help="Format of the files in an output folder: ply, bin, npz, pcd.")] = "ply",
    ascii: Annotated[bool, typer.Option("--ascii", help="PLY as text.")] = False,
    drop_unsupported: Annotated[
        bool, typer.Option("--drop-unsupported", help="Leave out fields that the output format cannot hold.")
    ] = False,
    max_points: MaxPoints = DEFAULT_MAX_POINTS,
    threads: Threads = 0,
    json: Json = False,
) -> None:
    """Decompress .pcc streams; a stream of several frames gives OUT_000000, OUT_000001 ...

    \b
    pcc decode scan.pcc -o scan.ply
    pcc decode scan.pcc -o scan.bin --drop-unsupported
    pcc decode compressed/ -o clouds/ --format npz
    """
    from pcc.codec.limits import Limits
    from pcc.commands import decode as command

    code = command.run(
        inputs,
        output,
        format=format,
        limits=Limits(max_points=max_points),
        threads=threads,
        as_json=json,
        ascii=ascii,
        drop_unsupported=drop_unsupported,
    )
    raise typer.Exit(code)


@app.command()
def info(inputs: Inputs, max_points: MaxPoints = DEFAULT_MAX_POINTS, json: Json = False) -> None:
    """Show what streams hold, without decoding them.

    \b
    pcc info scan.pcc
    pcc info compressed/ --json
    """
    from pcc.codec.limits import Limits
    from pcc.commands import info as command

    raise typer.Exit(command.run(inputs, limits=Limits(max_points=max_points), as_json=json))


@app.command()
def verify(
    inputs: Inputs,
    against: Annotated[Path | None, typer.Option(help="The original, to compare point by point.")] = None,
    max_points: MaxPoints = DEFAULT_MAX_POINTS,
    threads: Threads = 0,
    json: Json = False,
) -> None:
    """Decode streams and check their digests; with --against also that nothing was lost, or the error bound.

    \b
    pcc verify compressed/
    pcc verify scan.pcc --against scan.bin
    """
    from pcc.codec.limits import Limits
    from pcc.commands import verify as command

    limits = Limits(max_points=max_points)
    raise typer.Exit(command.run(inputs, against, limits=limits, threads=threads, as_json=json))


@app.command()
def compare(
    a: Annotated[Path, typer.Argument(help="The reference: a cloud or a stream.", show_default=False)],
    b: Annotated[Path, typer.Argument(help="The cloud or stream to judge.", show_default=False)],
    peak: Annotated[float, typer.Option(help="Peak of the PSNR: 1023 for vox10, 30 for KITTI in metres.")],
    json: Json = False,
) -> None:
    """Measure D1 (point to point) and D2 (point to plane) between two clouds.

    \b
    pcc compare longdress.ply decoded.ply --peak 1023
    pcc compare scan.bin scan.pcc --peak 30
    """
    from pcc.commands import compare as command

    raise typer.Exit(command.run(a, b, peak=peak, as_json=json))


@app.command()
def models(json: Json = False) -> None:
    """List the installed models with their digests."""
    from pcc.commands import models as command

    raise typer.Exit(command.run(as_json=json))


@app.command()
def doctor(json: Json = False) -> None:
    """Check this installation: versions, kernels, extras, models, and a short self-test."""
    from pcc.commands import doctor as command

    raise typer.Exit(command.run(as_json=json))


def main(arguments: list[str] | None = None) -> None:
    """Runs the command line; ends in SystemExit with the exit code. Expected errors become one line on stderr."""
    _end_in_order_when_terminated()
    try:
        app(args=arguments, prog_name="pcc")
    except EXPECTED as error:
        sys.exit(complain(error))


def _end_in_order_when_terminated() -> None:
    """SIGTERM unwinds like Ctrl-C, so that no temporary file stays behind; a handler of the caller's is kept."""
    if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGTERM) == signal.SIG_DFL:
        signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))


if __name__ == "__main__":
    main()
