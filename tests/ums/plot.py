#!/usr/bin/env python3
"""Draws the requests at UMS after a power cut: plot.py FILE.csv >FILE.svg"""

import csv
import sys

WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 760, 420, 64, 24, 96
COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#8a6d00"]
SECONDS = 600


def read(name):
    cases = {}
    with open(name, newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            cases.setdefault(row["case"], {})[int(row["second"])] = int(row["requests"])
    return cases


def step(most):
    """The distance of the lines of the vertical axis: 1, 2 or 5 times a power of ten."""
    return next(s for p in range(7) for s in (10**p, 2 * 10**p, 5 * 10**p) if most / s <= 6)


def draw(cases):
    most = max(max(seconds.values()) for seconds in cases.values())
    across = lambda second: LEFT + second * (WIDTH - LEFT - 16) / SECONDS
    down = lambda count: HEIGHT - BOTTOM - count * (HEIGHT - TOP - BOTTOM) / most
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'font-family="sans-serif" font-size="12" role="img">'
    )
    yield "<title>Requests per second at UMS in the ten minutes after power returns</title>"
    yield f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>'
    for count in range(0, most + 1, step(most)):
        y = down(count)
        yield f'<path d="M{LEFT} {y:.1f}H{WIDTH - 16}" stroke="#ccc"/>'
        yield f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{count:,}</text>'
    for second in range(0, SECONDS + 1, 60):
        x = across(second)
        y = HEIGHT - BOTTOM + 16
        yield f'<text x="{x:.1f}" y="{y}" text-anchor="middle">{second // 60}</text>'
    y = HEIGHT - BOTTOM + 32
    yield f'<text x="{LEFT}" y="{y}">minutes after the return of power; requests per second</text>'
    for index, (name, seconds) in enumerate(cases.items()):
        colour = COLOURS[index % len(COLOURS)]
        points = " ".join(
            f"{across(s):.1f},{down(seconds.get(s, 0)):.1f}" for s in range(SECONDS + 1)
        )
        yield f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.5"/>'
        x, y = LEFT + index % 2 * 330, HEIGHT - 44 + index // 2 * 16
        yield f'<path d="M{x} {y - 4}h20" stroke="{colour}" stroke-width="3"/>'
        yield f'<text x="{x + 26}" y="{y}">{name}</text>'
    yield "</svg>"


if __name__ == "__main__":
    print("\n".join(draw(read(sys.argv[1]))))
