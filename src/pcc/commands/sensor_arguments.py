"""The arguments of ``pcc sensor COMMAND``; what the commands do is in `pcc.commands.sensor`."""

from __future__ import annotations

from collections.abc import Sequence

from pcc.commands.arguments import CommandParser, count, names
from pcc.commands.shared import OK, USAGE
from pcc.commands.stdio import path


def sensor(line: Sequence[str]) -> int:
    """Tables of spinning LiDARs: fit one to frames, list those that are known, show one; undo a correction for motion.

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

    Frames lie as the sensor took them, z upwards, not motion-corrected; in metres, or integers in millimetres. Put the
    file into a folder of PCC_SENSOR_PATH and it is known by its name.
    """
    parser = CommandParser("sensor fit", fit.__doc__)
    parser.positional("frames", type=path, nargs="+", help="Clouds of one sensor, or folders to search.")
    parser.option("-o", "--output", type=path, required=True, help="The table: a .json file.")
    parser.option("--name", help="Name of the sensor. Default: the file's.")
    parser.option("--about", help="What the sensor is, for the file.")
    parser.option("--check", type=path, help="Other frames, or a folder of them, to try the table on.")
    parser.option("--columns", type=names, help="Of raw .bin frames: x,y,z and the others in their order.")
    parser.option("--threads", type=count, default=0, help="Threads of the kernels; 0: all cores.")
    parser.flag("--json", help="One JSON object instead of text.")
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
    """List the sensors that are known: those that ship, and those in the folders of PCC_SENSOR_PATH.

    pcc sensor list
    """
    parser = CommandParser("sensor list", list_.__doc__)
    parser.flag("--json", help="One JSON object instead of text.")
    given = parser.parse(line)
    from pcc.commands import sensor as command

    return command.show_tables(as_json=given.json)


def show(line: Sequence[str]) -> int:
    """Show a sensor's lasers: elevation, heading, height and distance from the axis, shift of the columns.

    pcc sensor show hdl64e-kitti
    pcc sensor show my-sensor.json
    """
    parser = CommandParser("sensor show", show.__doc__)
    parser.positional("sensor", help="A name that is known, or a file.")
    parser.flag("--json", help="One JSON object instead of text.")
    given = parser.parse(line)
    from pcc.commands import sensor as command

    return command.show_table(given.sensor, as_json=given.json)


def untwist(line: Sequence[str]) -> int:
    """Undo a correction for motion: write frames as the sensor measured them, on a grid of 1 mm.

    pcc sensor untwist odometry/000094.bin -o raw.ply
    pcc sensor untwist drive/ -o raw/ --sensor my-sensor.json

    Where the positions were rounded after they were corrected, the measured ones are known to some millimetres.
    """
    parser = CommandParser("sensor untwist", untwist.__doc__)
    parser.positional("frames", type=path, nargs="+", help="Clouds, or folders to search.")
    parser.option("-o", "--output", type=path, required=True, help="A file, or a folder for .ply files.")
    parser.option("--sensor", default="auto", help="auto: any that is known; a name, or a .json file.")
    parser.option("--columns", type=names, help="Of raw .bin frames: x,y,z and the others in their order.")
    parser.option("--threads", type=count, default=0, help="Threads of the kernels; 0: all cores.")
    parser.flag("--json", help="One JSON object a line instead of text.")
    given = parser.parse(line)
    from pcc.commands import sensor as command

    return command.untwist_all(
        given.frames, given.output, sensor=given.sensor, threads=given.threads, as_json=given.json,
        columns=given.columns,
    )  # fmt: skip


ACTIONS = {"fit": fit, "list": list_, "show": show, "untwist": untwist}
