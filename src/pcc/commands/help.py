"""Help drawn with rich: what ``pcc --help`` and ``pcc COMMAND --help`` show. Loaded for nothing else."""

from __future__ import annotations

import argparse
import inspect
from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text


def show_overview(
    description: str,
    commands: Mapping[str, str],
    usage: str = "pcc COMMAND ...",
    options: Mapping[str, str] | None = None,
) -> None:
    """The program: usage, what it is for, its commands (name -> docstring, whose first line is shown), options."""
    table = _table()
    for name, doc in commands.items():
        table.add_row(Text(name, "bold cyan"), doc.partition("\n")[0])
    others = _table()
    for names, text in {"-h, --help": "Show this message and exit.", **(options or {})}.items():
        others.add_row(Text(names, "bold cyan"), text)
    _show(usage, inspect.cleandoc(description), {"Options": others, "Commands": table})


def show_command(prog: str, description: str, actions: Sequence[argparse.Action]) -> None:
    """One command: usage, what it does with examples, its arguments and options."""
    positionals = [action for action in actions if not action.option_strings]
    options = [action for action in actions if action.option_strings]
    usage = " ".join([prog, "\\[OPTIONS]", *(_usage(a) for a in positionals)])
    tables = {"Arguments": _rows(positionals), "Options": _rows(options)}
    _show(usage, description, {title: table for title, table in tables.items() if table.row_count})


def _usage(positional: argparse.Action) -> str:
    name = positional.dest.upper()
    nargs = getattr(positional, "save_nargs", positional.nargs)  # argparse hides it while files and options mix
    return {"+": f"{name}...", "?": f"\\[{name}]"}.get(str(nargs), name)


def _rows(actions: Sequence[argparse.Action]) -> Table:
    table = _table()
    for action in sorted(actions, key=lambda action: action.dest == "help"):
        names = ", ".join(sorted(action.option_strings, key=len)) or action.dest
        metavar = f" <{action.metavar}>" if isinstance(action.metavar, str) else ""
        table.add_row(Text(names, "bold cyan").append(metavar, "yellow"), _explanation(action))
    return table


def _explanation(action: argparse.Action) -> Text:
    text = Text("Show this message and exit." if action.dest == "help" else action.help or "")
    if action.required:
        text.append(" [required]", "red")
    elif action.nargs != 0 and action.default not in (None, argparse.SUPPRESS):
        text.append(f" [default: {action.default}]", "dim")
    return text


def _table() -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column()
    return table


def _show(usage: str, description: str, tables: Mapping[str, Table]) -> None:
    console = Console(highlight=False)
    console.print(Padding(f"[yellow bold]Usage:[/] [bold]{usage}[/]", 1))
    console.print(Padding(Text(description), (0, 1, 1, 1)))
    for title, table in tables.items():
        console.print(Panel(table, title=title, title_align="left", border_style="dim"))
