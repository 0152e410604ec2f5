"""The report of a sweep: every number comes from its lines, and bad folders are told apart."""

import html.parser
import json
import re

import numpy as np
import pytest
from fake_sweeps import CELLS, FakeSweep

from tuning import analysis
from tuning.comparisons import pseudo_median
from tuning.document import Document
from tuning.ranking import compare_cells
from tuning.report import build_report, main
from tuning.results import read_results

FAILED = {("gru", 3), ("min_gru", 4), ("min_gru", 5)}


@pytest.fixture(scope="module")
def sweep(tmp_path_factory):
    """The folder of a sweep of 8 cells and 16 draws with its report, and what was printed."""
    import contextlib
    import io

    folder = FakeSweep(failed=FAILED).write(tmp_path_factory.mktemp("sweep"))
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        main([str(folder)])
    return folder, printed.getvalue()


def lines_of(folder):
    return [json.loads(line) for line in (folder / "trials.jsonl").read_text().splitlines()]


def section(folder, heading):
    text = (folder / "report.md").read_text(encoding="utf-8")
    return text.split(f"## {heading}")[1].split("\n## ")[0]


def table(text, number=0):
    """A table of Markdown: a dictionary of columns for each row."""
    blocks = re.findall(r"(?:^\|.*\n)+", text + "\n", re.MULTILINE)
    header, _, *rows = [
        [entry.strip().strip("`") for entry in line.strip("| \n").split(" | ")]
        for line in blocks[number].splitlines()
    ]
    return [dict(zip(header, row)) for row in rows]


def test_the_known_order_comes_out(sweep):
    rows = table(section(sweep[0], "Ranking of cells"))
    assert [row["cell"] for row in rows] == list(CELLS)
    assert all(row["p (Holm)"] == "<0.001" for row in rows[1:])
    assert "lstm comes first of 8 cells over 16 common draws" in sweep[1]
    assert "worse: gru, peephole_lstm" in sweep[1] and "better:" not in sweep[1]


def test_every_number_of_the_ranking_comes_from_the_lines(sweep):
    trials = [line for line in lines_of(sweep[0]) if line["kind"] == "trial"]
    worst = max(t["validation"] for t in trials if t["validation"] is not None)
    scores = {
        (t["configuration"]["cell"], t["draw"]): worst
        if t["validation"] is None
        else t["validation"]
        for t in trials
    }
    for row in table(section(sweep[0], "Ranking of cells")):
        cell = row["cell"]
        own = [
            t for t in trials if t["configuration"]["cell"] == cell and t["status"] == "completed"
        ]
        best = min(own, key=lambda t: t["validation"])
        assert (row["best"], row["its trial"]) == (f"{best['validation']:.4g}", best["trial"])
        assert int(row["trials"]) == 16 and int(row["failed"]) == 16 - len(own)
        differences = [scores[cell, draw] - scores["lstm", draw] for draw in range(16)]
        assert float(row["difference"]) == pytest.approx(pseudo_median(differences), rel=6e-3)
        assert row["median"] == f"{np.median([scores[cell, d] for d in range(16)]):.4g}"


def test_winners_are_paired_with_the_defaults_of_their_cell_over_seeds(sweep):
    lines = lines_of(sweep[0])
    rows = table(section(sweep[0], "Winners"))
    assert [row["cell"] for row in rows] == list(CELLS)
    for row in rows:
        kinds = {
            kind: {
                line["seed"]: line["test"]["nll"]
                for line in lines
                if line["kind"] == kind and line["configuration"]["cell"] == row["cell"]
            }
            for kind in ("winner", "default")
        }
        differences = [kinds["winner"][seed] - kinds["default"][seed] for seed in (100, 101, 102)]
        assert float(row["difference"]) == pytest.approx(np.mean(differences), rel=6e-3)
        assert row["seeds"] == "3"
        low, high = map(float, row["95 % interval"].strip("[]").split(", "))
        half = 4.3027 * np.std(differences, ddof=1) / np.sqrt(3)  # Student's, two degrees
        assert high - low == pytest.approx(2 * half, rel=0.02)


def test_the_test_split_chooses_nothing(sweep, tmp_path):
    """With test scores turned round, all that validation says stays as it was."""
    lines = lines_of(sweep[0])
    for line in lines:
        if line["test"]:
            line["test"] = {"nll": 100 - line["test"]["nll"]}
    fake = FakeSweep(draws=1)
    fake.lines = lines
    fake.write(tmp_path)
    turned = build_report(read_results(tmp_path)).markdown("report_figures")
    before = (sweep[0] / "report.md").read_text()
    for heading in ("Ranking of cells", "Expected best", "Which factor", "Depth", "Learning rate"):
        part = before.split(f"## {heading}")[1].split("\n## ")[0]
        assert part == turned.split(f"## {heading}")[1].split("\n## ")[0]
    assert "Against the winner of `lstm`" in turned


def test_each_line_is_in_the_list_and_each_figure_in_its_file(sweep):
    rows = table(section(sweep[0], "The lines"))
    lines = lines_of(sweep[0])
    assert [int(row["line"]) for row in rows] == list(range(1, len(lines) + 1))
    assert [row["trial"] for row in rows] == [line["trial"] or "-" for line in lines]
    assert sum(row["status"] == "failed" for row in rows) == len(FAILED)
    text = (sweep[0] / "report.md").read_text()
    named = set(re.findall(r"\]\(report_figures/(\w+\.png)\)", text))
    assert named == {path.name for path in (sweep[0] / "report_figures").iterdir()}
    expected = "cells winners winners_defaults curves best_of_n importance depth learning_rate"
    assert {f"{name}.png" for name in f"{expected} trials seconds".split()} == named
    files = {"report.md", "report.html", "report_figures", "trials.jsonl", "sweep.json"}
    assert {path.name for path in sweep[0].iterdir()} == files


class Page(html.parser.HTMLParser):
    """Counts tags, sees that they are closed, and keeps what a page would load."""

    def __init__(self):
        super().__init__()
        self.open, self.loaded, self.rows = [], [], 0

    def handle_starttag(self, tag, attributes):
        self.loaded += [value for name, value in attributes if name in ("src", "href")]
        self.rows += tag == "tr"
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_page_holds_all_that_it_shows(sweep):
    page = Page()
    page.feed((sweep[0] / "report.html").read_text(encoding="utf-8"))
    assert not page.open and page.rows > len(lines_of(sweep[0]))
    assert len(page.loaded) == 10
    assert all(source.startswith("data:image/png;base64,") for source in page.loaded)


def test_the_report_of_the_same_folder_is_the_same(sweep):
    document = build_report(read_results(sweep[0]))
    assert document.markdown("report_figures") == (sweep[0] / "report.md").read_text()
    assert document.html() == (sweep[0] / "report.html").read_text()


def test_a_reference_is_what_the_others_are_compared_with(sweep):
    text = build_report(read_results(sweep[0]), "mgu").markdown()
    rows = {row["cell"]: row for row in table(text.split("## Ranking of cells")[1])}
    assert rows["mgu"]["difference"] == "0" and float(rows["lstm"]["difference"]) < 0
    assert "chosen beforehand" in text and "Name a cell beforehand" not in text
    assert "better: `lstm`, `gru`, `peephole_lstm`, `cifg_lstm`; worse: `min_gru`" in text


def test_higher_is_better_where_the_lines_say_so(tmp_path):
    results = read_results(FakeSweep(CELLS[:4], direction="max").write(tmp_path))
    ranking = compare_cells(analysis.score_table(results), results.direction)
    assert list(ranking.index) == list(CELLS[:4])
    assert (ranking["difference"].iloc[1:] < 0).all()
    assert analysis.overview(results)["best"].idxmax() == "lstm"
    best = analysis.best_lines(results.kind("trial"), "max", "task").iloc[0]
    assert best["validation"] == results.kind("trial")["validation"].max()
    ranges = analysis.rate_ranges(results)
    assert (ranges["low"] < 10**-2.5).all() and (ranges["high"] < 10**-1.6).all()


def test_why_runs_failed_and_how_many_stand_in_the_report(sweep):
    text = section(sweep[0], "What was run")
    assert "128, of which 3 failed" in text
    assert table(text, 2) == [
        {"why runs failed": "ValueError: the loss is not finite", "runs": "3"}
    ]
    assert "3 runs failed; they count as the worst" in section(sweep[0], "What to keep in mind")


def test_importance_finds_what_the_scores_were_made_of(sweep):
    rows = table(section(sweep[0], "Which factor"))
    assert [row["factor"] for row in rows[:2]] == ["learning_rate", "cell"]
    assert "Not a factor: `units`" in section(sweep[0], "Which factor")


def test_a_document_escapes_what_it_is_given():
    document = Document("a < b")
    document.text("x < `y & z`")
    document.table(["n|m", "w"], [["1|2", "<i>"]])
    page, text = document.html(), document.markdown()
    assert "x &lt; <code>y &amp; z</code>" in page and "<td>&lt;i&gt;</td>" in page
    assert "| 1\\|2 | <i> |" in text and "a &lt; b" in page
