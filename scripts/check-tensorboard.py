#!/usr/bin/env python3
"""Compares what TensorBoard shows for a run with the run's metrics.csv; see scripts/test-tensorboard.

    python3 scripts/check-tensorboard.py ADDRESS RUN FOLDER
"""

import csv
import json
import math
import pathlib
import struct
import sys
import time
import urllib.parse
import urllib.request


def ask(address, path, **query):
    url = f"{address}/data/plugin/{path}?{urllib.parse.urlencode(query)}"
    with urllib.request.urlopen(url) as answer:
        return answer.read()


def tag_of(column):
    for group in ("evaluation", "lower", "higher"):
        if column.startswith(group + "_"):
            return f"{group}/{column[len(group) + 1:]}"
    return f"training/{column}"


def expect(condition, message):
    if not condition:
        sys.exit(f"check-tensorboard: {message}")


def main():
    address, run, folder = sys.argv[1:]
    with open(pathlib.Path(folder) / "metrics.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    columns = [column for column in rows[0] if column != "step"]
    last = max(int(row["step"]) for row in rows)

    # TensorBoard reads the files gradually, in the background: wait until it has read all of them.
    for _ in range(300):
        known = json.loads(ask(address, "scalars/tags")).get(run, {})
        if "training/episodes" in known:
            points = json.loads(ask(address, "scalars/scalars", run=run, tag="training/episodes"))
            if points and points[-1][1] == last:
                break
        time.sleep(0.2)
    else:
        expect(False, f"TensorBoard does not show step {last}; its tags are {sorted(known)}")

    numbers = 0
    for column in columns:
        expected = [(int(row["step"]), float(row[column])) for row in rows if row[column]]
        if not expected:
            expect(tag_of(column) not in known, f"{column} has a tag, but no values in metrics.csv")
            continue
        points = json.loads(ask(address, "scalars/scalars", run=run, tag=tag_of(column)))
        steps = [step for _, step, _ in points]
        expect(steps == [step for step, _ in expected], f"{column}: TensorBoard shows other steps than metrics.csv: {steps}")
        for (_, step, shown), (_, written) in zip(points, expected):
            # Event files hold 32-bit floats.
            single = struct.unpack("f", struct.pack("f", written))[0]
            expect(math.isclose(shown, single, rel_tol=1e-6), f"{column} at step {step}: {shown} instead of {written}")
            numbers += 1

    images = json.loads(ask(address, "images/tags")).get(run, {})
    expect("best policy" in images, f"there is no film; the images are {sorted(images)}")
    films = json.loads(ask(address, "images/images", run=run, tag="best policy", sample=0))
    steps = [film["step"] for film in films]
    expect(steps == sorted(set(steps)), f"the steps of the films are not in order or not distinct: {steps}")
    film = urllib.request.urlopen(f"{address}/data/plugin/images/individualImage?{films[-1]['query']}")
    data = film.read()
    expect(data[:6] == b"GIF89a", f"the film is not a GIF: it begins with {data[:6]}")
    expect(data.count(b"\x21\xf9\x04") > 5, "the film has too few frames")
    expect(struct.unpack("<HH", data[6:10]) == (320, 240), "the film does not have the size 320 x 240")
    print(f"test-tensorboard: {numbers} numbers and {len(films)} films are correct")


if __name__ == "__main__":
    main()
