import Foundation
import Learning

/// A comparison as rows for people: the same in a terminal, in Markdown and on a page.
package struct ComparisonTable: Sendable {
  /// A table with its heading.
  package struct Section: Sendable {
    /// The title of the table.
    package let title: String
    /// The rows of the table; the first one names the columns.
    package let rows: [[Cell]]
  }

  /// The content of a cell.
  package struct Cell: Sendable, ExpressibleByStringLiteral {
    /// The text for people.
    package let text: String
    /// The unrounded number that ``text`` shows; nil if it is not one number.
    package let value: Double?

    /// A cell that holds only text.
    package init(stringLiteral value: String) { self.init(value) }

    init(_ text: String, value: Double? = nil) {
      self.text = text
      self.value = value
    }
  }

  /// The tables: for each task, the variants; for each task, the seeds; all tasks together; each
  /// variant against each other; for each task, the settings that differ.
  package let sections: [Section]

  /// Makes the tables of `comparison`.
  package init(_ comparison: Comparison) {
    var sections = comparison.tasks.map { task in
      let groups = comparison.groups(of: task)
      let target = groups[0].runs[0].targets.first.map { ", target: \($0.name)" } ?? ""
      return Section(
        title: "\(task): \(groups[0].quantity) over seeds\(target)",
        rows: [Self.heading(groups[0])] + groups.map(Self.row) + Self.published(groups[0]))
    }
    sections += comparison.tasks.map { task in
      let groups = comparison.groups(of: task)
      return Section(
        title: "\(task): each seed",
        rows: [Self.seedHeading(groups[0])]
          + groups.flatMap { group in group.runs.map { Self.seedRow($0, of: group.variant) } })
    }
    if !comparison.overall.isEmpty {
      sections.append(
        Section(
          title: "all tasks: success over seeds and tasks",
          rows: [["variant", "runs", "best, mean ± s.e.", "median", "IQM", "IQM 95 %"]]
            + comparison.overall.map { overall in
              [
                Cell(overall.variant), Cell("\(overall.best.count)"), Self.mean(overall.best),
                Self.number(overall.best.median), Self.number(overall.best.interquartileMean),
                Self.interval(overall.best.interquartileMeanInterval),
              ]
            }))
    }
    if !comparison.improvements.isEmpty {
      sections.append(
        Section(
          title: "probability that a run of the first is better than one of the second",
          rows: [["first", "second", "probability", "95 %"]]
            + comparison.improvements.map {
              [
                Cell($0.variant), Cell($0.over), Self.number($0.probability),
                Self.interval($0.interval),
              ]
            }))
    }
    for task in comparison.tasks {
      let settings = comparison.differingSettings(in: task)
      guard !settings.isEmpty else { continue }
      let groups = comparison.groups(of: task)
      sections.append(
        Section(
          title: "\(task): settings that differ",
          rows: [["setting"] + groups.map { Cell($0.variant) }]
            + settings.map { [Cell($0.key)] + $0.values.map { Cell($0) } }))
    }
    self.sections = sections
  }

  private static func heading(_ group: Comparison.Group) -> [Cell] {
    ["variant", "seeds", "best, mean ± s.e.", "median", "IQM", "IQM 95 %", "last, mean ± s.e."]
      + (group.runs[0].hasSuccess
        ? ["steps to 0.5", "steps to 0.9", "time to 0.9", "failed seeds"] : [])
      + ["unfinished", "time of a run"]
  }

  private static func row(_ group: Comparison.Group) -> [Cell] {
    var row = [
      Cell(group.variant), Cell("\(group.runs.count)", value: Double(group.runs.count)),
      mean(group.best), number(group.best.median), number(group.best.interquartileMean),
      interval(group.best.interquartileMeanInterval), mean(group.last),
    ]
    if group.runs[0].hasSuccess {
      row += [
        steps(group, to: 0.5), steps(group, to: 0.9),
        group.medianSeconds(to: 0.9).map { Cell(time($0), value: $0) } ?? "",
        Cell(seeds(group.failedSeeds)),
      ]
    }
    return row + [
      Cell(seeds(group.unfinishedSeeds + group.missingSeeds)),
      Cell(group.meanSeconds.map(time) ?? "", value: group.meanSeconds),
    ]
  }

  /// What the paper reports of HIRO (Nachum et al. 2018, table 1): mean ± standard error of the best
  /// policy of each run, after up to 10 million steps.
  private static let paper = [
    "ant-gather": "3.02 ± 1.49", "ant-maze": "0.99 ± 0.01", "ant-push": "0.92 ± 0.04",
    "ant-fall": "0.66 ± 0.07",
  ]

  /// The row with the paper's result, if the paper has the task; otherwise none.
  private static func published(_ group: Comparison.Group) -> [[Cell]] {
    guard let score = paper[group.task] else { return [] }
    let row: [Cell] = ["the paper", "", Cell(score)]
    return [row + Array(repeating: "", count: heading(group).count - row.count)]
  }

  private static func seedHeading(_ group: Comparison.Group) -> [Cell] {
    ["variant", "seed", "best"]
      + (group.runs[0].hasSuccess
        ? ["95 %", "at step", "after", "steps to 0.9"] : ["at step", "after"])
      + ["last", "steps", "time of the run"]
  }

  private static func seedRow(_ run: RunHistory, of variant: String) -> [Cell] {
    var row = [Cell(variant), Cell("\(run.configuration.seed)"), number(run.best ?? .nan)]
    if run.hasSuccess {
      if let best = run.best, let count = run.bestEpisodes {
        let proportion = Proportion(successes: Int((best * Double(count)).rounded()), of: count)
        row.append(interval([proportion.interval.lowerBound, proportion.interval.upperBound]))
      } else {
        row.append("")
      }
    }
    row += [
      Cell(run.bestPoint.map { steps($0.step) } ?? ""),
      Cell(run.bestPoint?.seconds.map(time) ?? ""),
    ]
    if run.hasSuccess { row.append(Cell(run.firstStep(reaching: 0.9).map(steps) ?? "never")) }
    return row + [
      run.last.map(number) ?? "", Cell(run.evaluations.last.map { steps($0.step) } ?? ""),
      Cell(run.seconds.map(time) ?? ""),
    ]
  }

  private static func number(_ value: Double) -> Cell {
    Cell(String(format: "%.2f", value), value: value)
  }

  private static func mean(_ aggregate: Aggregate) -> Cell {
    let error = aggregate.standardError.map { String(format: " ± %.2f", $0) } ?? ""
    return Cell(String(format: "%.2f", aggregate.mean) + error, value: aggregate.mean)
  }

  private static func interval(_ ends: [Double]) -> Cell {
    Cell(ends.map { String(format: "%.2f", $0) }.joined(separator: " – "))
  }

  private static func steps(_ group: Comparison.Group, to success: Double) -> Cell {
    let reached = group.steps(to: success).count { $0 != nil }
    let median = group.medianSteps(to: success)
    let text = median.map { steps(Int($0.rounded())) } ?? "never"
    return Cell("\(text) (\(reached) of \(group.runs.count))", value: median)
  }

  private static func seeds(_ seeds: [UInt64]) -> String {
    seeds.isEmpty ? "none" : SeedList.text(seeds.sorted())
  }

  /// `steps` with its digits in groups of three.
  package static func steps(_ steps: Int) -> String {
    let digits = Array(String(steps))
    return digits.enumerated().map { index, digit in
      (index > 0 && (digits.count - index) % 3 == 0 ? "," : "") + String(digit)
    }.joined()
  }

  private static func time(_ seconds: Double) -> String {
    switch seconds {
    case ..<90: "\(Int(seconds.rounded())) s"
    case ..<5_400: "\(Int((seconds / 60).rounded())) min"
    default: String(format: "%.1f h", seconds / 3_600)
    }
  }

  /// The tables as Markdown.
  package var markdown: String {
    sections.map { section in
      let rows = section.rows.map { row in
        "| " + row.map { $0.text.replacing("|", with: "\\|") }.joined(separator: " | ") + " |\n"
      }
      let rule = "|" + String(repeating: " --- |", count: section.rows[0].count) + "\n"
      return "**\(section.title)**\n\n" + rows[0] + rule + rows.dropFirst().joined()
    }.joined(separator: "\n")
  }
}

extension Comparison {
  /// Every evaluation of every run, as CSV: for each target a row.
  package var csv: String {
    var lines = [
      "task,variant,seed,target,step,success,final_distance,return,confirmed_success,confirmed_return"
    ]
    func field(_ text: String) -> String {
      text.contains { ",\"\n".contains($0) } ? "\"\(text.replacing("\"", with: "\"\""))\"" : text
    }
    func number(_ value: Double?) -> String { value.map { "\($0)" } ?? "" }
    for group in groups {
      for run in group.runs {
        for evaluation in run.evaluations {
          for (index, measurement) in evaluation.measurements.enumerated() {
            let confirmation = index == 0 ? evaluation.confirmation : nil
            lines.append(
              [
                field(group.task), field(group.variant), "\(run.configuration.seed)",
                field(run.targets.isEmpty ? "none" : run.targets[index].name),
                "\(evaluation.step)", number(measurement.success),
                number(measurement.finalDistance), number(measurement.episodeReturn),
                number(confirmation?.success), number(confirmation?.episodeReturn),
              ].joined(separator: ","))
          }
        }
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }
}

extension Comparison: Encodable {
  private enum CodingKeys: CodingKey {
    case groups, overall, improvements
  }

  /// Encodes everything under the names that `docs/json.md` explains.
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(groups, forKey: .groups)
    try container.encode(overall, forKey: .overall)
    try container.encode(improvements, forKey: .improvements)
  }
}

extension Comparison.Group: Encodable {
  private enum CodingKeys: CodingKey {
    case task, variant, quantity, seeds, best, last, stepsToHalf, stepsToNineTenths, failedSeeds
    case unfinishedSeeds, missingSeeds, meanSeconds, runs, curve
  }

  private struct Steps: Encodable {
    let median: Double?
    let reached: Int
  }

  private struct Run: Encodable {
    let seed: UInt64
    let folder: String
    let isFinished: Bool
    let best: Double?
    let last: Double?
    let stepsToHalf: Int?
    let stepsToNineTenths: Int?
    let seconds: Double?
  }

  /// Encodes the aggregated results, the result of each run, and the learning curve.
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(task, forKey: .task)
    try container.encode(variant, forKey: .variant)
    try container.encode(quantity, forKey: .quantity)
    try container.encode(runs.map(\.configuration.seed), forKey: .seeds)
    try container.encode(best, forKey: .best)
    try container.encode(last, forKey: .last)
    for (success, key) in [(0.5, CodingKeys.stepsToHalf), (0.9, .stepsToNineTenths)] {
      let steps = Steps(
        median: medianSteps(to: success), reached: steps(to: success).count { $0 != nil })
      try container.encode(steps, forKey: key)
    }
    try container.encode(failedSeeds, forKey: .failedSeeds)
    try container.encode(unfinishedSeeds, forKey: .unfinishedSeeds)
    try container.encode(missingSeeds, forKey: .missingSeeds)
    try container.encode(meanSeconds, forKey: .meanSeconds)
    try container.encode(
      runs.map {
        Run(
          seed: $0.configuration.seed, folder: $0.folder, isFinished: $0.isFinished,
          best: $0.best, last: $0.last, stepsToHalf: $0.firstStep(reaching: 0.5),
          stepsToNineTenths: $0.firstStep(reaching: 0.9), seconds: $0.seconds)
      }, forKey: .runs)
    try container.encode(curve, forKey: .curve)
  }
}
