#!/usr/bin/env python3
"""Draws the learning curves of one or more runs into one PNG.

    python3 scripts/plot-curves.py OUTPUT.png RUN [RUN ...]       (needs matplotlib)

RUN is the output folder of `hiro train`. Above: the success rate of the noise-free evaluations on
the task's own target; below: the mean distance from it at the end; both over environment steps.
Each run is a thin line named by its folder, and with several runs the thick line is their mean over
the steps at which all of them were evaluated. A task without targets (Ant Gather) has one panel, the
score.
"""

import csv
import pathlib
import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

# The beginning of a column of metrics.csv, its label, and the range of its axis.
PANELS = [
    ("evaluation_success_", "success rate", (-0.02, 1.02)),
    ("evaluation_final_distance_", "final distance (m)", (0, None)),
]
SCORE = ("evaluation_return_", "score", (None, None))


def read(run):
    """For each panel's prefix the curve {step: value}, on the first target."""
    path = pathlib.Path(run) / "metrics.csv"
    try:
        with open(path, newline="") as file:
            reader = csv.DictReader(file)
            rows, names = list(reader), reader.fieldnames or []
    except OSError as error:
        sys.exit(f"plot-curves: {path}: {error.strerror}; expected the output folder of hiro train")
    curves = {}
    for prefix, _, _ in [*PANELS, SCORE]:
        column = next((name for name in names if name.startswith(prefix)), None)
        if column:
            curves[prefix] = {int(r["step"]): float(r[column]) for r in rows if r[column]}
    if not any(curves.values()):
        sys.exit(f"plot-curves: {path}: holds no evaluation yet")
    return curves


def mean(curves):
    steps = sorted(set.intersection(*(set(curve) for curve in curves)))
    return steps, [sum(curve[step] for curve in curves) / len(curves) for step in steps]


def main():
    if len(sys.argv) < 3:
        print("usage: plot-curves.py OUTPUT.png RUN [RUN ...]", file=sys.stderr)
        return 64
    output, runs = sys.argv[1], sys.argv[2:]
    curves = [read(run) for run in runs]
    panels = [p for p in PANELS if all(c.get(p[0]) for c in curves)] or [SCORE]

    figure, axes = plt.subplots(
        len(panels), sharex=True, squeeze=False, figsize=(8, 3 * len(panels)), layout="constrained"
    )
    for axis, (prefix, label, limits) in zip(axes[:, 0], panels):
        several = len(runs) > 1
        for run, curve in zip(runs, curves):
            steps = sorted(curve[prefix])
            axis.plot(
                [step / 1e6 for step in steps],
                [curve[prefix][step] for step in steps],
                linewidth=1 if several else 2,
                alpha=0.6 if several else 1,
                label=pathlib.Path(run).name,
            )
        if several:
            steps, values = mean([curve[prefix] for curve in curves])
            axis.plot([s / 1e6 for s in steps], values, color="black", linewidth=2.5, label="mean")
        axis.set_ylabel(label)
        axis.set_ylim(*limits)
        axis.grid(alpha=0.3)
    axes[0, 0].legend(fontsize="small")
    axes[-1, 0].set_xlabel("environment steps (millions)")
    try:
        figure.savefig(output, dpi=150)
    except (OSError, ValueError) as error:
        sys.exit(f"plot-curves: {output}: {getattr(error, 'strerror', None) or error}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
