"""The arguments of ``pcc sensor COMMAND``; what the commands do is in `pcc.commands.sensor`."""

from __future__ import annotations

from collections.abc import Sequence

from pcc.commands.arguments import CommandParser, count, names
from pcc.commands.shared import OK, USAGE
from pcc.commands.stdio import path


def sensor(line: Sequence[str]) -> int:
    """Tables of spinning LiDARs: fit one to frames, list or show them; undo motion correction.

    pcc sensor fit drive/ -o my-sensor.json
    pcc sensor list
    pcc sensor show hdl64e-kitti
    pcc sensor untwist odometry/000094.bin -o raw.ply
    """
    if not line or line[0] in ("-h", "--help"):
        from pcc.commands.help import show_overview

        docs = {name: command.__doc__ or "" for name, command in ACTIONS.items()}
        show_overview(sensor.__doc__ or "", docs, "pcc sensor COMMAND ...")
        return OK if line else USAGE
    if line[0] not in ACTIONS:
        raise ValueError(f"sensor: expected one of {', '.join(ACTIONS)}, got {line[0]!r} (pcc sensor --help)")
    return ACTIONS[line[0]](line[1:])


def fit(line: Sequence[str]) -> int:
    """Find the table of the sensor that took these frames, from their points alone.

    pcc sensor fit scan.bin -o my-sensor.json
    pcc sensor fit drive/ -o my-sensor.json --check other-drive/

    Frames must be as the sensor took them: z upwards, not motion-corrected, in metres, or integers in millimetres. A
    table in a folder of PCC_SENSOR_PATH is known by its name.
    """
    parser = CommandParser("sensor fit", fit.__doc__)
    parser.positional("frames", type=path, nargs="+", help="Clouds of one sensor, or folders to search.")
    parser.option("-o", "--output", type=path, required=True, help="File of the table (.json).")
    parser.option("--name", help="Name of the sensor. Default: that of the file.")
    parser.option("--about", help="A description to store in the file.")
    parser.option("--check", type=path, help="A frame, or a folder of frames, to test the table on.")
    parser.option("--columns", type=names, help="Of raw .bin frames: x,y,z and the others in their order.")
    parser.option("--threads", type=count, default=0, help="Number of threads; 0 means all cores.")
    parser.flag("--json", help="Print one JSON object instead of text.")
    given = parser.parse(line)
    from pcc.commands import sensor as command

    return command.fit(
        given.frames,
        given.output,
        name=given.name,
        about=given.about,
        check=[given.check] if given.check else [],
        threads=given.threads,
        as_json=given.json,
        columns=given.columns,
    )


def list_(line: Sequence[str]) -> int:
    """List the known sensors: those that ship, and those in the folders of PCC_SENSOR_PATH.

    pcc sensor list
    """
    parser = CommandParser("sensor list", list_.__doc__)
    parser.flag("--json", help="Print one JSON object instead of text.")
    given = parser.parse(line)
    from pcc.commands import sensor as command

    return command.show_tables(as_json=given.json)


def show(line: Sequence[str]) -> int:
    """Show a sensor's lasers: elevation, heading, height, distance from the axis, column shift.

    pcc sensor show hdl64e-kitti
    pcc sensor show my-sensor.json
    """
    parser = CommandParser("sensor show", show.__doc__)
    parser.positional("sensor", help="Name of a known sensor, or a .json file.")
    parser.flag("--json", help="Print one JSON object instead of text.")
    given = parser.parse(line)
    from pcc.commands import sensor as command

    return command.show_table(given.sensor, as_json=given.json)


def untwist(line: Sequence[str]) -> int:
    """Undo motion correction: write frames as the sensor measured them, on a 1 mm grid.

    pcc sensor untwist odometry/000094.bin -o raw.ply
    pcc sensor untwist drive/ -o raw/ --sensor my-sensor.json

    Where positions were rounded after the correction, the measured ones are known to within a few millimetres.
    """
    parser = CommandParser("sensor untwist", untwist.__doc__)
    parser.positional("frames", type=path, nargs="+", help="Clouds, or folders to search.")
    parser.option("-o", "--output", type=path, required=True, help="A file, or a folder for .ply files.")
    parser.option("--sensor", default="auto", help="auto (any known sensor), a name, or a .json file.")
    parser.option("--columns", type=names, help="Of raw .bin frames: x,y,z and the others in their order.")
    parser.option("--threads", type=count, default=0, help="Number of threads; 0 means all cores.")
    parser.flag("--json", help="Print one JSON object per line instead of text.")
    given = parser.parse(line)
    from pcc.commands import sensor as command

    return command.untwist_all(
        given.frames, given.output, sensor=given.sensor, threads=given.threads, as_json=given.json,
        columns=given.columns,
    )  # fmt: skip


ACTIONS = {"fit": fit, "list": list_, "show": show, "untwist": untwist}
