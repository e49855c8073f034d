#!/usr/bin/env python3
"""Writes Tests/ExperimentsTests/Fixtures/comparison.json with rliable. The tests compare the results of
`hiro compare` with this file: interquartile means, their stratified bootstrap intervals, and
probabilities of improvement.

    python3 scripts/make-comparison-fixture.py          (needs rliable)

The scores are success rates over ten episodes, as in real runs, so some of them are equal. The
intervals come from 10,000 repetitions with rliable's own random numbers. Those of hiro must be the
same, except for the differences between one such set of repetitions and another.
"""

import json
import pathlib

import numpy as np
from rliable import library, metrics

OUTPUT = pathlib.Path(__file__).parent.parent / "Tests/ExperimentsTests/Fixtures/comparison.json"
REPETITIONS = 10_000


def main():
    np.random.seed(0)
    draw = np.random.default_rng(1)
    cases = []
    for runs, others, tasks in [(5, 5, 1), (10, 7, 1), (3, 4, 1), (5, 6, 3), (10, 10, 2)]:
        x = draw.binomial(10, draw.uniform(0.3, 0.95, tasks), (runs, tasks)) / 10
        y = draw.binomial(10, draw.uniform(0.2, 0.8, tasks), (others, tasks)) / 10
        point, interval = library.get_interval_estimates(
            {"x": x, "y": y},
            lambda scores: np.array([metrics.aggregate_iqm(scores)]),
            reps=REPETITIONS,
        )
        pair, pair_interval = library.get_interval_estimates(
            {"x,y": (x, y)}, metrics.probability_of_improvement, reps=REPETITIONS
        )
        cases.append(
            {
                # One list for each task, as in hiro.
                "x": x.T.tolist(),
                "y": y.T.tolist(),
                "iqm": [float(point[name][0]) for name in "xy"],
                "iqm_interval": [interval[name][:, 0].tolist() for name in "xy"],
                "mean": [float(metrics.aggregate_mean(scores)) for scores in (x, y)],
                "improvement": float(np.ravel(pair["x,y"])[0]),
                "improvement_interval": np.ravel(pair_interval["x,y"]).tolist(),
            }
        )
    OUTPUT.parent.mkdir(exist_ok=True)
    OUTPUT.write_text(json.dumps(cases, indent=1) + "\n")
    print(f"{OUTPUT}: {len(cases)} cases")


if __name__ == "__main__":
    main()
