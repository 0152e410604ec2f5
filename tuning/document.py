"""A report of headings, sentences, tables and figures, written as Markdown and as HTML."""

import base64
import html
import io
import math
import re
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from keras_rnnzoo.training.files import write_atomic

STYLE = """
body{font:16px/1.55 system-ui,sans-serif;color:#222;max-width:62rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.7rem}h2{font-size:1.25rem;margin-top:2.4rem;border-bottom:1px solid #e4e4e4}
table{border-collapse:collapse;font-size:.86rem;margin:1rem 0;font-variant-numeric:tabular-nums}
.wide{overflow-x:auto}th,td{padding:.22rem .65rem;text-align:left;border-bottom:1px solid #e4e4e4}
th{border-bottom:2px solid #8a8a8a;vertical-align:bottom}td.n,th.n{text-align:right}
figure{margin:1.2rem 0}img{max-width:100%;height:auto}figcaption{font-size:.86rem;color:#555}
code{background:#f4f4f4;padding:.1em .3em;overflow-wrap:anywhere}summary{cursor:pointer}
"""


def number(value, digits=4):
    """A number in so many significant digits, "-" for none.

    Args:
        value: a number; whole ones of type `int` are written in full.
        digits: of others.

    Example:

    >>> number(0.000123456), number(30123), number(8.1), number(float("nan"))
    ('0.0001235', '30,123', '8.1', '-')
    """
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "-"
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:.{digits}g}"


class _Image:
    """A figure that is drawn when its content is wanted, and once."""

    def __init__(self, figure):
        self._figure = figure

    @cached_property
    def content(self):
        file = io.BytesIO()
        self._figure.savefig(file, format="png", dpi=130)
        return file.getvalue()


@dataclass
class Document:
    """Blocks of a report, in their order.

    Attributes:
        title: of the report.

    Example:

    >>> document = Document("Sweep")
    >>> document.text("One cell has been tried.")
    >>> print(document.markdown())
    # Sweep
    <BLANKLINE>
    One cell has been tried.
    <BLANKLINE>
    """

    title: str
    blocks: list = field(default_factory=list)

    def heading(self, text):
        """Start a section."""
        self.blocks.append(("heading", text))

    def text(self, text):
        """Add a paragraph; what stands between backticks is code."""
        self.blocks.append(("text", text))

    def items(self, texts):
        """Add a list."""
        self.blocks.append(("items", list(texts)))

    def table(self, header, rows, fold=None):
        """Add a table.

        Args:
            header: names of the columns.
            rows: strings for each; a column of numbers is set to the right.
            fold: a line that opens the table when clicked; default it is open.
        """
        rows = [[str(entry) for entry in row] for row in rows]
        self.blocks.append(("table", list(header), rows, fold))

    def figure(self, name, figure, caption):
        """Add a figure.

        Args:
            name: of its file, without an ending.
            figure: a Matplotlib `Figure`.
            caption: what is seen.
        """
        self.blocks.append(("figure", name, _Image(figure), caption))

    def markdown(self, folder="."):
        """The report as Markdown, with figures in files.

        Args:
            folder: of the figures, as seen from the report.
        """
        parts = [f"# {self.title}"]
        for kind, *content in self.blocks:
            parts.append(_MARKDOWN[kind](*content, *([folder] if kind == "figure" else [])))
        return "\n\n".join(parts) + "\n"

    def html(self):
        """The report as one HTML page with everything in it."""
        body = "\n".join(_HTML[kind](*content) for kind, *content in self.blocks)
        title = html.escape(self.title)
        return (
            f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>\n'
            '<meta name="viewport" content="width=device-width,initial-scale=1">\n'
            f"<style>{STYLE}</style></head>\n<body>\n<h1>{title}</h1>\n{body}\n</body></html>\n"
        )

    def write(self, folder, name="report"):
        """Write `report.md` with its figures in `report_figures`, and `report.html`.

        Each file is there whole or not at all; figures of an earlier report that this one does
        not have are removed.

        Args:
            folder: that exists.
            name: in place of "report".

        Returns:
            The paths of the two reports.
        """
        folder, figures = Path(folder), Path(folder) / f"{name}_figures"
        figures.mkdir(exist_ok=True)
        written = set()
        for kind, *content in self.blocks:
            if kind == "figure":
                written.add(f"{content[0]}.png")
                write_atomic(figures / f"{content[0]}.png", content[1].content)
        paths = folder / f"{name}.md", folder / f"{name}.html"
        write_atomic(paths[0], self.markdown(figures.name))
        write_atomic(paths[1], self.html())
        for old in figures.glob("*.png"):
            if old.name not in written:
                old.unlink()
        return paths


def _right(header, rows):
    """Whether each column holds nothing but numbers."""
    return [
        bool(rows) and all(re.match(r"[-+<]?[\d.]+|-$|\[", row[k]) for row in rows)
        for k in range(len(header))
    ]


def _markdown_table(header, rows, fold):
    lines = [
        header,
        ["---:" if right else "---" for right in _right(header, rows)],
        *([entry.replace("|", "\\|") for entry in row] for row in rows),
    ]
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    if fold is None:
        return table
    return f"<details><summary>{html.escape(fold)}</summary>\n\n{table}\n\n</details>"


def _markdown_figure(name, _, caption, folder):
    return f"![{caption}]({folder}/{name}.png)\n\n*{caption}*"


def _inline(text):
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text))


def _html_table(header, rows, fold):
    classes = [' class="n"' if right else "" for right in _right(header, rows)]
    lines = [("th", header), *(("td", row) for row in rows)]
    cells = (
        "".join(f"<{tag}{c}>{_inline(e)}</{tag}>" for c, e in zip(classes, row))
        for tag, row in lines
    )
    table = '<div class="wide"><table>' + "\n".join(f"<tr>{row}</tr>" for row in cells)
    table += "</table></div>"
    if fold is None:
        return table
    return f"<details><summary>{html.escape(fold)}</summary>{table}</details>"


def _html_figure(_, image, caption):
    data = base64.b64encode(image.content).decode()
    words = html.escape(caption, quote=True)
    return (
        f'<figure><img alt="{words}" src="data:image/png;base64,{data}">'
        f"<figcaption>{_inline(caption)}</figcaption></figure>"
    )


_MARKDOWN = {
    "heading": lambda text: f"## {text}",
    "text": str,
    "items": lambda texts: "\n".join(f"- {text}" for text in texts),
    "table": _markdown_table,
    "figure": _markdown_figure,
}
_HTML = {
    "heading": lambda text: f"<h2>{_inline(text)}</h2>",
    "text": lambda text: f"<p>{_inline(text)}</p>",
    "items": lambda texts: "<ul>" + "".join(f"<li>{_inline(t)}</li>" for t in texts) + "</ul>",
    "table": _html_table,
    "figure": _html_figure,
}
