"""Turns what a program printed on a terminal into an SVG: python3 ansi_to_svg.py COLUMNS COMMAND < output > picture.svg

Text stays text, so that it can be searched, copied and read aloud. Knows the attributes that Tocsin uses: bold, dim and the first eight colours.
"""
import re
import sys
import unicodedata
from html import escape

CELL, LINE, SIZE, PAD, BAR = 8.4, 20, 14, 20, 38
COLOURS = {31: "#ff7b72", 32: "#7ee787", 33: "#e3b341", 34: "#79c0ff", 35: "#d2a8ff", 36: "#76d9e6"}
SEQUENCE = re.compile(r"\x1b\[([0-9;?]*)([@-~])|\x1b[=>]|\x1b\][^\x07]*\x07")


def width(text):
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def pieces(line, state):
    """The line cut where its look changes; state goes on to the next line, as on a terminal."""
    found, at = [], 0
    for sequence in SEQUENCE.finditer(line):
        if sequence.start() > at:
            found.append((line[at:sequence.start()], dict(state)))
        at = sequence.end()
        if sequence.group(2) != "m":
            continue
        for code in (int(c or 0) for c in sequence.group(1).split(";")):
            if code == 0:
                state.clear()
            elif code in (1, 2):
                state["bold" if code == 1 else "dim"] = True
            elif code in COLOURS:
                state["colour"] = COLOURS[code]
    if at < len(line):
        found.append((line[at:], dict(state)))
    return found


def span(text, look, column):
    style = f' fill="{look["colour"]}"' if "colour" in look else ""
    style += ' font-weight="700"' if look.get("bold") else ""
    style += ' fill-opacity=".62"' if look.get("dim") else ""
    # Each piece is set to its own column and length: no font's own widths can shift it.
    return f'<tspan x="{PAD + column * CELL:.1f}" textLength="{width(text) * CELL:.1f}"{style}>{escape(text)}</tspan>'


def main():
    columns, command = int(sys.argv[1]), sys.argv[2]
    printed = sys.stdin.buffer.read().decode("utf-8").replace("\r", "").rstrip("\n").split("\n")
    lines = [f"\x1b[32m$\x1b[0m \x1b[1m{command}\x1b[0m", "", *printed]
    wide, high = PAD * 2 + columns * CELL, BAR + len(lines) * LINE + PAD
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide:.0f} {high}" width="{wide:.0f}" height="{high}" role="img">',
        f"<title>{escape(command)}</title>",
        f'<rect width="{wide:.0f}" height="{high}" rx="10" fill="#0d1117"/>',
        *(f'<circle cx="{PAD + 2 + i * 18}" cy="19" r="5.5" fill="{c}"/>' for i, c in enumerate(("#ff5f57", "#febc2e", "#28c840"))),
        f'<g font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,\'DejaVu Sans Mono\',monospace" font-size="{SIZE}" fill="#e6edf3" xml:space="preserve">',
    ]
    state = {}
    for number, line in enumerate(lines):
        column, spans = 0, []
        for text, look in pieces(line, state):
            blank = len(text) - len(text.lstrip(" "))
            if text.strip():
                spans.append(span(text.strip(" "), look, column + blank))
            column += width(text)
        if spans:
            out.append(f'<text y="{BAR + (number + 1) * LINE - 5}">{"".join(spans)}</text>')
    print("\n".join([*out, "</g>", "</svg>"]))


main()
