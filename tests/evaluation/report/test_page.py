"""pcc.evaluation.report.page: one file, everything in it, and a real browser that shows it on a phone."""

from __future__ import annotations

import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest

from pcc.evaluation.report.page import default_anchor
from pcc.evaluation.report.summary import points
from pcc.evaluation.report.write import write_report
from tests.evaluation.report import cells

pytest.importorskip("scipy", reason="the extra eval is not installed")
pytest.importorskip("matplotlib", reason="the extra eval is not installed")
BROWSER = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
)
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-component-update",
    "--disable-background-networking", "--disable-sync", "--allow-file-access-from-files", "--hide-scrollbars",
]  # fmt: skip
PHONE = 360


@pytest.fixture(scope="module")
def page(tmp_path_factory) -> Path:
    return write_report(cells.curves(), tmp_path_factory.mktemp("report"), title="A <test>")


class Reader(HTMLParser):
    """Text, and the addresses that the page asks for."""

    def __init__(self) -> None:
        super().__init__()
        self.text, self.addresses, self.open = [], [], []

    def handle_starttag(self, tag, attributes):
        self.addresses += [value for name, value in attributes if name in ("src", "href", "xlink:href") and value]
        if tag not in ("meta", "br", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_startendtag(self, tag, attributes):
        pass

    def handle_data(self, data):
        self.text.append(data)


def test_the_page_is_whole_and_alone(page):
    """Tags match, names are escaped, nothing is asked for from outside; -50 % and the reasons of failures are there."""
    reader = Reader()
    reader.feed(page.read_text())
    assert reader.open == []
    assert all(address.startswith(("#", "data:")) for address in reader.addresses)
    assert "url(http" not in page.read_text()
    text = " ".join(reader.text)
    for words in ("A <test>", "-50.0", "60.0-70.0 dB (100%)", "AnchorError: <no such & thing>", "Paper (published)",
                  "trisoup has no such rate", "a processor, 2 cores", "lossless"):  # fmt: skip
        assert words in text, words
    assert page.read_text().count("<svg") >= 6


def test_the_anchor_is_the_first_other_codec_with_a_curve():
    assert default_anchor(points(cells.curves())) == "draco"
    assert default_anchor(points(cells.evaluation(cells.cell("a", "pcc-dense", "r01", 10, 60.0)))) is None


def test_an_empty_evaluation_has_a_page_too(tmp_path):
    assert write_report(cells.evaluation(), tmp_path, title="nothing").exists()


@pytest.mark.skipif(BROWSER is None, reason="no chromium or google-chrome in PATH")
def test_a_phone_shows_it(page, tmp_path):
    """In a frame of 360 pixels nothing sticks out sideways, tables scroll by themselves, every plot has a size."""
    wrapper = tmp_path / "phone.html"
    wrapper.write_text(
        f'<iframe id="f" width="{PHONE}" height="800" src="{page.as_uri()}"></iframe><p id="p"></p><script>'
        "f.onload = () => { const d = f.contentDocument, w = e => Math.round(e.getBoundingClientRect().width);"
        'p.textContent = [d.documentElement.scrollWidth, Math.min(...[...d.querySelectorAll("svg")].map(w)),'
        'Math.max(...[...d.querySelectorAll(".scroll")].map(w)), d.querySelectorAll("h2").length].join(" "); }</script>'
    )
    command = [BROWSER, *FLAGS, f"--user-data-dir={tmp_path / 'profile'}", "--virtual-time-budget=5000", "--dump-dom"]
    shown = subprocess.run([*command, wrapper.as_uri()], capture_output=True, text=True, timeout=120, check=True).stdout
    width, narrowest_plot, widest_table, num_sections = map(int, re.search(r'<p id="p">([\d ]+)</p>', shown)[1].split())
    assert width <= PHONE
    assert narrowest_plot > 250
    assert widest_table <= PHONE
    assert num_sections >= 6
