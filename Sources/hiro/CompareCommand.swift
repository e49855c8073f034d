import ArgumentParser
import Experiments
import Files
import Foundation

struct CompareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Compare the results of many runs in tables, with confidence intervals.",
    discussion: """
      For each task and variant: the best evaluation of each seed as mean ± standard error (the \
      paper's measure), median, and interquartile mean with its 95 % interval (stratified \
      bootstrap, as in rliable); the last evaluation; the median number of steps until a success \
      rate of 0.5 and of 0.9; the seeds that failed; the time of a run; and the probability that \
      one variant is better than another. Runs that are not part of a study are grouped by their \
      settings. A study may still be running.

        hiro compare runs/push
        hiro compare runs/a runs/b runs/c
        hiro compare runs/push --html push.html      one page that opens offline, with curves
        hiro compare runs/push --markdown --csv push.csv --svg push.svg
        hiro compare runs/push --json
      """)

  @Argument(
    help: .init(
      "Output folders of hiro study or hiro train, or folders that contain such folders.",
      valueName: "folder"),
    completion: .directory)
  var paths: [String]

  @Flag(help: "Print everything as JSON.")
  var json = false

  @Flag(help: "Print the tables as Markdown.")
  var markdown = false

  @Option(
    help: .init("Write an HTML page with tables, curves and pictures.", valueName: "file"),
    completion: .file(extensions: ["html"]))
  var html: String?

  @Option(
    help: .init("Write the learning curves as an SVG picture.", valueName: "file"),
    completion: .file(extensions: ["svg"]))
  var svg: String?

  @Option(
    help: .init("Write every evaluation of every run as CSV.", valueName: "file"),
    completion: .file(extensions: ["csv"]))
  var csv: String?

  @Flag(
    inversion: .prefixedNo,
    help: "Add pictures to the page: an episode of each variant's best and median seed.")
  var pictures = true

  func validate() throws {
    guard !json || !markdown else {
      throw ValidationError("--json and --markdown cannot be used together")
    }
  }

  func run() throws {
    let comparison = try Comparison(paths: paths)
    if let csv { try AtomicFile.write(comparison.csv, to: csv) }
    if let svg { try AtomicFile.write(CurveChart(comparison).svg(standalone: true), to: svg) }
    if let html {
      let page = ComparisonPage(comparison, withPictures: pictures)
      try AtomicFile.write(page.html, to: html)
    }
    if json { return try printJSON(comparison) }
    let table = ComparisonTable(comparison)
    if markdown { return print(table.markdown, terminator: "") }
    let sections = table.sections.map { section in
      "\(section.title)\n\n" + hiro.table(section.rows.map { $0.map(\.text) })
    }
    print(sections.joined(separator: "\n"), terminator: "")
  }
}
