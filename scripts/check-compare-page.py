#!/usr/bin/env python3
"""Opens a page written by `hiro compare` in Chromium and compares it with the CSV file; see
scripts/test-compare-page.

    python3 scripts/check-compare-page.py PAGE.html RUNS.csv [SCREENSHOT.png]
"""

import csv
import math
import pathlib
import statistics
import sys

from playwright.sync_api import sync_playwright


def expect(condition, message):
    if not condition:
        sys.exit(f"check-compare-page: {message}")


def interquartile_mean(values):
    cut = len(values) // 4
    return statistics.fmean(sorted(values)[cut : len(values) - cut])


def expected_rows(path):
    """Computes the numbers of the tables, for each task and variant, from the evaluations."""
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    own = {}
    for row in rows:
        own.setdefault(row["task"], row["target"])
    curves, confirmed = {}, {}
    for row in rows:
        if row["target"] == own[row["task"]]:
            run = curves.setdefault((row["task"], row["variant"]), {}).setdefault(row["seed"], [])
            run.append((int(row["step"]), float(row["success"] or row["return"])))
            second = row["confirmed_success"] or row["confirmed_return"]
            if second:
                looks = confirmed.setdefault((row["task"], row["variant"], row["seed"]), [])
                looks.append((int(row["step"]), float(second)))
    result = {}
    for key, runs in curves.items():
        # If policies of a run were evaluated a second time, only those results count.
        decisive = [confirmed.get((*key, seed), run) for seed, run in runs.items()]
        best = [max(score for _, score in run) for run in decisive]
        last = [run[-1][1] for run in runs.values()]
        result[key] = {
            "seeds": len(runs),
            "best, mean ± s.e.": statistics.fmean(best),
            "median": statistics.median(best),
            "IQM": interquartile_mean(best),
            "last, mean ± s.e.": statistics.fmean(last),
        }
        for level in (0.5, 0.9):
            steps = [
                next((step for step, score in run if score >= level), math.inf)
                for run in decisive
            ]
            median = statistics.median(steps)
            if math.isfinite(median):
                result[key][f"steps to {level}"] = median
    return result


def main():
    page_path, csv_path = (pathlib.Path(path).resolve() for path in sys.argv[1:3])
    messages, requests, failures = [], [], []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox"]
        )
        page = browser.new_page(viewport={"width": 1200, "height": 900})
        page.on("console", lambda message: messages.append(message.text))
        page.on("pageerror", lambda error: failures.append(str(error)))
        page.on("request", lambda request: requests.append(request.url))
        page.goto(page_path.as_uri())
        page.wait_for_load_state("networkidle")
        tables = page.evaluate(
            """() => [...document.querySelectorAll("table")].map(table => ({
              title: table.parentElement.previousElementSibling.textContent,
              rows: [...table.rows].map(row => [...row.cells].map(
                cell => [cell.textContent, cell.dataset.value ?? null]))}))"""
        )
        pictures = page.evaluate(
            """() => [...document.images].map(image => [image.complete, image.naturalWidth])"""
        )
        curves = page.evaluate("() => document.querySelectorAll('svg polyline').length")
        if len(sys.argv) > 3:
            page.screenshot(path=sys.argv[3], full_page=True)
        browser.close()

    expect(not messages and not failures, f"the browser console has messages: {messages + failures}")
    outside = [url for url in requests if url != page_path.as_uri() and not url.startswith("data:")]
    expect(not outside, f"the page made network requests: {outside}")
    expect(all(done and width > 100 for done, width in pictures), f"broken pictures: {pictures}")
    expect(curves > 0, "the page has no curves")

    expected = expected_rows(csv_path)
    compared = 0
    for (task, variant), numbers in expected.items():
        table = next(t for t in tables if t["title"].startswith(f"{task}: ") and "over seeds" in t["title"])
        head = [text for text, _ in table["rows"][0]]
        row = next(row for row in table["rows"][1:] if row[0][0] == variant)
        for name, number in numbers.items():
            text, value = row[head.index(name)]
            expect(value is not None, f"{variant}: {name} is not a number: {text}")
            expect(
                math.isclose(float(value), number, rel_tol=1e-12),
                f"{variant}: {name} is {value} on the page, but {number} according to the CSV file",
            )
            shown = float(text.split(" ")[0].replace(",", ""))
            expect(abs(shown - number) <= (0.5 if number > 10 else 0.00501), f"{name}: shown as {text}, expected {number}")
            compared += 1
    print(
        f"test-compare-page: {compared} numbers, {curves} lines and {len(pictures)} pictures are "
        "correct; the console is empty, and the page made no network requests"
    )


if __name__ == "__main__":
    main()
