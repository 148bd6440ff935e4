"""Draws what a terminal showed as an SVG picture, for the README.

usage: tmux capture-pane -p -e | tools/terminal_svg.py > docs/images/terminal.svg

Knows the colours and weights that dyna uses (SGR 0, 1, 2, 31 to 36, 39); other sequences are dropped.
"""

import html
import re
import sys

COLOURS = {
    "31": "#ff7b72",
    "32": "#7ee787",
    "33": "#e3b341",
    "34": "#79c0ff",
    "35": "#d2a8ff",
    "36": "#76e3ea",
}
WIDTH, HEIGHT, MARGIN = 8.4, 18, 14


def spans(line: str) -> list[tuple[str, str]]:
    """(style, text) of one line; a style goes on until a sequence changes it."""
    found, colour, dim = [], "#e6edf3", False
    for part in re.split(r"(\x1b\[[0-9;]*m)", line):
        if not part.startswith("\x1b"):
            if part:
                found.append((f'fill="{colour}"' + (' opacity="0.6"' if dim else ""), part))
            continue
        for code in part[2:-1].split(";"):
            if code in COLOURS:
                colour = COLOURS[code]
            elif code in ("", "0"):
                colour, dim = "#e6edf3", False
            elif code == "39":
                colour = "#e6edf3"
            elif code == "2":
                dim = True
    return found


def main() -> None:
    lines = sys.stdin.read().rstrip().splitlines()
    columns = max(len(re.sub(r"\x1b\[[0-9;]*m", "", line)) for line in lines)
    width, height = columns * WIDTH + 2 * MARGIN, len(lines) * HEIGHT + 2 * MARGIN
    print(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}" width="{width:.0f}">'
    )
    print('<rect width="100%" height="100%" rx="8" fill="#0d1117"/>')
    print(
        '<g font-family="ui-monospace, Menlo, Consolas, monospace" font-size="14" xml:space="preserve">'
    )
    for row, line in enumerate(lines):
        column = 0
        for style, text in spans(line):
            x, y = MARGIN + column * WIDTH, MARGIN + (row + 1) * HEIGHT - 5
            size = len(text) * WIDTH
            print(
                f'<text x="{x:.1f}" y="{y}" textLength="{size:.1f}" {style}>{html.escape(text)}</text>'
            )
            column += len(text)
    print("</g></svg>")


if __name__ == "__main__":
    main()
