import Environments
import Experiments
import Files
import Foundation
import FoundationXML
import Learning
import TestSupport
import Testing

@Suite("Comparisons of runs")
struct ComparisonTests {
  let folder = try! TemporaryFolder()

  /// A case that `scripts/make-comparison-fixture.py` made with rliable; scores are `[task][run]`.
  struct Case: Decodable {
    let x: [[Double]]
    let y: [[Double]]
    let iqm: [Double]
    let iqmInterval: [[Double]]
    let mean: [Double]
    let improvement: Double
    let improvementInterval: [Double]
  }

  @Test("Aggregates are those of rliable; intervals within what repetitions differ by")
  func rliable() throws {
    let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Fixtures/comparison.json")
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let cases = try decoder.decode([Case].self, from: Data(contentsOf: path))
    #expect(cases.count == 5)
    func isClose(_ a: Double, _ b: Double, _ tolerance: Double) -> Bool { abs(a - b) <= tolerance }
    for one in cases {
      for (index, strata) in [one.x, one.y].enumerated() {
        let ours = Aggregate(strata: strata)
        #expect(isClose(ours.mean, one.mean[index], 1e-12))
        #expect(isClose(ours.interquartileMean, one.iqm[index], 1e-12))
        // The scores are few and multiples of 0.1, so the statistic has discrete values, and a
        // quantile may fall on either of two neighbours. With these sizes they differ by a
        // twentieth at most.
        for (mine, theirs) in zip(ours.interquartileMeanInterval, one.iqmInterval[index]) {
          #expect(isClose(mine, theirs, 0.051), "\(mine) \(theirs)")
        }
      }
      let ours = Improvement(variant: "x", over: "y", tasks: zip(one.x, one.y).map { ($0, $1) })
      #expect(isClose(ours.probability, one.improvement, 1e-12))
      for (mine, theirs) in zip(ours.interval, one.improvementInterval) {
        #expect(isClose(mine, theirs, 0.03), "\(mine) \(theirs)")
      }
    }
  }

  @Test("Quantiles lie between neighbours in proportion, and infinity is a number like others")
  func quantiles() {
    #expect([3.0, 1, 2].quantile(0.5) == 2)
    #expect([0.0, 1].quantile(0.25) == 0.25)
    #expect([1.0, .infinity, .infinity].quantile(0.5) == .infinity)
    #expect([Double]().quantile(0.5) == nil)
    #expect([1.0, 2, 3, 4, 100].interquartileMean == 3)
  }

  /// Makes a run's folder as `hiro train` leaves it, with the given success at each 1,000 steps.
  func makeRun(
    _ name: String, seed: UInt64, success: [Double], confirmed: [Int: Double] = [:],
    isFinished: Bool = true,
    change: (inout RunConfiguration) -> Void = { _ in }
  ) throws {
    let task = try TaskRegistry.task(named: "point-maze")
    var layers = ConfigurationLayers()
    try layers.apply(task.suggestedSettings, source: "test")
    var configuration = layers.configuration
    configuration.task = "point-maze"
    configuration.seed = seed
    configuration.steps = 1_000 * success.count
    change(&configuration)
    try AtomicFile.makeFolder(folder.file(name))
    try folder.file("\(name)/config.yaml", configuration.yaml(heading: "test"))
    let columns = MetricsRow.columns(for: task)
    let metrics = try MetricsFile(path: folder.file("\(name)/metrics.csv"), columns: columns)
    for (index, value) in success.enumerated() {
      // Before each row with an evaluation there is one without.
      try metrics.append(step: 1_000 * index + 500, ["wall_time": Double(index)])
      var row = ["wall_time": Double(index) + 0.5]
      for target in ["far_end", "first_corner", "second_corner"] {
        row["evaluation_success_\(target)"] = target == "far_end" ? value : 0
        row["evaluation_final_distance_\(target)"] = 10 - value
        row["evaluation_return_\(target)"] = -100
      }
      if let second = confirmed[index] {
        row["confirmed_success"] = second
        row["confirmed_return"] = -90
      }
      try metrics.append(step: 1_000 * (index + 1), row)
    }
    if isFinished {
      try folder.file("\(name)/checkpoint-\(configuration.steps).safetensors", "")
      try folder.file("\(name)/latest.safetensors", "")
    }
  }

  @Test("Seeds of a variant come together, with steps to success, failures and what is missing")
  func groups() throws {
    try makeRun("a/1", seed: 1, success: [0, 0.5, 1, 0.9])
    try makeRun("a/2", seed: 2, success: [0.2, 0.3, 0.4, 0.1])
    try makeRun("a/3", seed: 3, success: [0, 0.9, 0.8], isFinished: false) { $0.steps = 4_000 }
    for seed in 1...2 {
      try makeRun("b/\(seed)", seed: UInt64(seed), success: [0, 0, 0.1, 0]) {
        $0.learning.lower.discount = 0.5
      }
    }
    let comparison = try Comparison(paths: [folder.path])
    #expect(comparison.groups.map(\.variant) == ["default", "default lower.discount=0.5"])
    let group = comparison.groups[0]
    #expect(group.runs.map(\.configuration.seed) == [1, 2, 3])
    #expect(group.best.mean == (1 + 0.4 + 0.9) / 3 && group.best.median == 0.9)
    #expect(group.last.median == 0.8)
    #expect(group.steps(to: 0.5) == [2_000, nil, 2_000])
    #expect(group.medianSteps(to: 0.5) == 2_000 && group.medianSteps(to: 0.9) == 3_000)
    #expect(comparison.groups[1].medianSteps(to: 0.5) == nil)
    #expect(group.failedSeeds == [2] && group.unfinishedSeeds == [3])
    #expect(group.meanSeconds == (3.5 + 3.5 + 2.5) / 3)
    // The curve ends where the unfinished run does.
    #expect(group.curve.map(\.step) == [1_000, 2_000, 3_000])
    #expect(group.curve[1].interquartileMean == (0.5 + 0.3 + 0.9) / 3)
    #expect(group.examples.map { $0.run.configuration.seed } == [1, 3])
    #expect(comparison.improvements[0].probability == 1)
    #expect(comparison.differingSettings(in: "point-maze").map(\.key) == ["lower.discount"])
    #expect(comparison.csv.split(separator: "\n").count == 1 + 3 * (4 + 4 + 3 + 4 + 4))
    #expect(comparison.csv.contains("point-maze,default,1,far end,2000,0.5,9.5,-100.0,,\n"))
  }

  @Test("Second looks decide what was a run's best and when; its curve is that of the first")
  func confirmed() throws {
    try makeRun("a", seed: 1, success: [0.4, 1, 0.9, 0.9], confirmed: [0: 0.3, 1: 0.84, 2: 0.92])
    let comparison = try Comparison(paths: [folder.file("a")])
    let run = comparison.groups[0].runs[0]
    #expect(run.best == 0.92 && run.last == 0.9)
    #expect(run.firstStep(reaching: 0.5) == 2_000 && run.firstStep(reaching: 0.9) == 3_000)
    #expect(run.firstStep(reaching: 0.95) == nil)
    #expect(run.isFinished)
    // Runs of which only the learning curves were kept.
    try makeRun("b", seed: 1, success: [0.4, 0.9], isFinished: false)
    #expect(try RunHistory(folder: folder.file("b")).isFinished)
    try makeRun("c", seed: 1, success: [0.4, 0.9], isFinished: false) { $0.steps = 3_000 }
    #expect(try !RunHistory(folder: folder.file("c")).isFinished)
    try makeRun("d", seed: 1, success: [0.4, 0.9], confirmed: [0: 0.3, 1: 0.8], isFinished: false) {
      ($0.steps, $0.evaluation.stopAtSuccess) = (3_000, 0.85)
    }
    #expect(try !RunHistory(folder: folder.file("d")).isFinished)
    try makeRun(
      "e", seed: 1, success: [0.4, 0.9], confirmed: [0: 0.3, 1: 0.85], isFinished: false
    ) {
      ($0.steps, $0.evaluation.stopAtSuccess) = (3_000, 0.85)
    }
    #expect(try RunHistory(folder: folder.file("e")).isFinished)
    #expect(comparison.groups[0].curve.map(\.interquartileMean) == [0.4, 1, 0.9, 0.9])
    let lines = comparison.csv.split(separator: "\n")
    #expect(lines.contains("point-maze,default,1,far end,2000,1.0,9.0,-100.0,0.84,-90.0"))
    #expect(lines.contains("point-maze,default,1,first corner,2000,0.0,9.0,-100.0,,"))
    #expect(lines.contains("point-maze,default,1,far end,4000,0.9,9.1,-100.0,,"))
  }

  @Test("Tables, Markdown, SVG and HTML show the same numbers, and names are escaped")
  func forms() throws {
    try makeRun("a", seed: 1, success: [0, 0.5])
    try makeRun("b", seed: 2, success: [0.1, 0.9])
    let comparison = try Comparison(paths: [folder.file("a"), folder.file("b")])
    let table = ComparisonTable(comparison)
    let row = table.sections[0].rows[1].map(\.text)
    #expect(row[0] == "default" && row[2] == "0.70 ± 0.20" && row[7] == "2,000 (2 of 2)")
    #expect(table.markdown.contains("| " + row.joined(separator: " | ") + " |"))
    let page = ComparisonPage(comparison, withPictures: false).html
    for cell in row { #expect(page.contains(">\(cell)</td>")) }
    // The name of SVG is not an address from which anything is loaded.
    let namespace = "xmlns=\"http://www.w3.org/2000/svg\""
    #expect(page.contains(namespace) && !page.replacing(namespace, with: "").contains("http"))
    #expect(!page.contains("<script"))
    let chart = CurveChart(comparison).svg(standalone: true)
    let document = try XMLCheck(chart)
    #expect(document.count("polyline") == 2 * (1 + 2) && document.count("polygon") == 2)
    #expect(escaped("<a b=\"&\">") == "&lt;a b=&quot;&amp;&quot;&gt;")
  }

  @Test("Ticks are round, few, and within the range")
  func ticks() {
    #expect(CurveChart.ticks(0...1) == [0, 0.2, 0.4, 0.6000000000000001, 0.8, 1])
    for end in [1.0, 7, 13, 99, 1e5, 3.3e6] {
      let ticks = CurveChart.ticks(0...end)
      #expect((3...8).contains(ticks.count) && ticks.last! <= end, "\(ticks)")
    }
  }

  @Test("What cannot be compared is refused with the remedy")
  func refusals() throws {
    func check(_ paths: [String], says expected: String) {
      #expect { try Comparison(paths: paths.map(folder.file)) } throws: {
        "\($0)".contains(expected) && !"\($0)".contains("\n")
      }
    }
    try AtomicFile.makeFolder(folder.file("empty"))
    check(["empty"], says: "empty: contains no run; expected a folder of hiro study or hiro train")
    check(["none"], says: "none: no such file or folder")
    try makeRun("a", seed: 1, success: [0, 0.5])
    try makeRun("b", seed: 1, success: [0, 0.5])
    check(
      ["a", "b"],
      says: "have the same task, settings and seed, point-maze default seed 1; leave one out")
    try makeRun("early", seed: 3, success: [], isFinished: false) { $0.steps = 1_000 }
    check(["early"], says: "no run has been evaluated yet")
    for (name, cells) in [("short", "#R.a#"), ("long", "#R..a#")] {
      try makeRun(name, seed: name == "short" ? 1 : 2, success: [0]) { $0.task = "lane" }
      let wall = String(repeating: "#", count: cells.count)
      try folder.file("\(name)/map.txt", "name: lane\n\(wall)\n\(cells)\n\(wall)\n")
      let text = try String(contentsOfFile: folder.file("\(name)/metrics.csv"), encoding: .utf8)
      try folder.file("\(name)/metrics.csv", text.replacingOccurrences(of: "far_end", with: "a"))
    }
    check(["short", "long"], says: "can't be compared: lane has the targets a (16.0, 0.0) in one")
    try folder.file("a/metrics.csv", "step,success\n1,2\n")
    check(["a"], says: "it lacks the columns of the task's targets (far end, first corner")
    try folder.file("a/metrics.csv", "step,success\n1\n")
    check(["a"], says: "metrics.csv:2: not valid learning curves: not a row of 2 numbers")
  }
}

/// Counts the elements of a document, which must be well-formed.
private final class XMLCheck: NSObject, XMLParserDelegate {
  private var counts: [String: Int] = [:]

  init(_ text: String) throws {
    super.init()
    let parser = XMLParser(data: Data(text.utf8))
    parser.delegate = self
    guard parser.parse() else { throw parser.parserError ?? CocoaError(.formatting) }
  }

  func count(_ name: String) -> Int { counts[name] ?? 0 }

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?,
    qualifiedName: String?, attributes: [String: String]
  ) {
    counts[name, default: 0] += 1
  }
}
