import Foundation
import Learning

/// Learning curves as SVG: for each task the score over environment steps and, below it, the
/// distance from the target at the end of an episode. Thick lines show the interquartile mean of
/// the scores over the seeds with its 95 % interval, and the mean of the distances; thin lines show
/// the single seeds.
package struct CurveChart: Sendable {
  private let panels: [Panel]

  private struct Panel: Sendable {
    let title: String
    let range: ClosedRange<Double>
    let lines: [Line]
  }

  private struct Line: Sendable {
    let name: String
    let color: Int
    /// The mean over the seeds, and the ends of its interval.
    let points: [(step: Int, value: Double, low: Double, high: Double)]
    /// The curve of each seed.
    let seeds: [(seed: UInt64, points: [(step: Int, value: Double)])]
  }

  /// Colours that people who see red and green alike can tell apart (Okabe and Ito), the strongest
  /// first.
  private static let colors = [
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7f7f7f",
  ]

  private static let (width, height) = (760.0, 300.0)
  private static let (left, right, top, bottom) = (64.0, 16.0, 34.0, 44.0)
  private static let legendRowHeight = 18.0
  /// From the eighth variant on, lines have the colours of the first ones again, but are dashed.
  private static let dashes = ["", "7 4", "2 3", "9 3 2 3"]

  /// The curves of `comparison` for one task, or for all if `task` is nil.
  package init(_ comparison: Comparison, task: String? = nil) {
    let variants = comparison.groups.map(\.variant).uniqued()
    panels = comparison.tasks.filter { task == nil || $0 == task }.flatMap { task -> [Panel] in
      let groups = comparison.groups(of: task).filter { !$0.curve.isEmpty }
      guard let first = groups.first else { return [] }
      let target = first.runs[0].targets.first.map { " at \($0.name)" } ?? ""
      func lines(
        _ point: (Comparison.CurvePoint) -> (Double, Double, Double)?,
        _ value: (RunHistory.Measurement) -> Double?
      ) -> [Line] {
        groups.map { group in
          Line(
            name: group.runs.count > 1
              ? "\(group.variant) (\(group.runs.count) seeds)"
              : "\(group.variant), seed \(group.runs[0].configuration.seed)",
            color: variants.firstIndex(of: group.variant) ?? 0,
            points: group.curve.compactMap { step in
              point(step).map { (step.step, $0, $1, $2) }
            },
            seeds: group.runs.map { run in
              (
                run.configuration.seed,
                run.evaluations.compactMap { evaluation in
                  value(evaluation.measurements[0]).map { (evaluation.step, $0) }
                }
              )
            })
        }
      }
      func range(_ lines: [Line]) -> ClosedRange<Double> {
        let values = lines.flatMap { $0.seeds.flatMap { $0.points.map(\.value) } }
        let low = min(0, values.min() ?? 0)
        return low...max(low + 1e-9, (values.max() ?? 1) * 1.05)
      }
      let scores = lines(
        { ($0.interquartileMean, $0.interval[0], $0.interval[1]) }, { $0.score })
      guard first.runs[0].hasSuccess else {
        return [Panel(title: "\(task): score", range: range(scores), lines: scores)]
      }
      let distances = lines({ $0.finalDistance.map { ($0, $0, $0) } }, { $0.finalDistance })
      return [
        Panel(title: "\(task): success\(target)", range: 0...1, lines: scores),
        Panel(
          title: "\(task): distance from the target at the end (m)", range: range(distances),
          lines: distances),
      ]
    }
  }

  /// The chart as SVG: a file of its own with a white background if `standalone`, otherwise a part
  /// of a page in the page's colours.
  package func svg(standalone: Bool) -> String {
    let height = panels.reduce(0) { $0 + Self.height(of: $1) }
    var parts = [
      """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Self.text(Self.width)) \
      \(Self.text(height))" role="img" font-family="system-ui, sans-serif" font-size="12" \
      color="\(standalone ? "#222" : "inherit")" fill="currentColor">
      """,
      "<title>Learning curves: \(escaped(panels.map(\.title).joined(separator: "; ")))</title>",
    ]
    if standalone { parts.append("<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>") }
    var place = 0.0
    for panel in panels {
      parts.append("<g transform=\"translate(0 \(Self.text(place)))\">")
      parts += Self.draw(panel)
      parts.append("</g>")
      place += Self.height(of: panel)
    }
    return parts.joined(separator: "\n") + "\n</svg>\n"
  }

  private static func draw(_ panel: Panel) -> [String] {
    let last =
      panel.lines.flatMap { line in
        line.points.map(\.step) + line.seeds.flatMap { $0.points.map(\.step) }
      }.max() ?? 1
    let xTicks = ticks(0...Double(max(last, 1)))
    let yTicks = ticks(panel.range)
    func x(_ step: Int) -> Double {
      left + (width - left - right) * Double(step) / Double(max(last, 1))
    }
    func y(_ value: Double) -> Double {
      let share =
        (value - panel.range.lowerBound) / (panel.range.upperBound - panel.range.lowerBound)
      return height - bottom - (height - top - bottom) * share
    }
    func path(_ points: [(Double, Double)]) -> String {
      points.map { "\(text($0.0)),\(text($0.1))" }.joined(separator: " ")
    }
    var parts = [
      "<text x=\"\(text(left))\" y=\"20\" font-weight=\"600\">\(escaped(panel.title))</text>"
    ]
    for tick in yTicks {
      parts.append(
        "<line x1=\"\(text(left))\" x2=\"\(text(width - right))\" y1=\"\(text(y(tick)))\" "
          + "y2=\"\(text(y(tick)))\" stroke=\"currentColor\" stroke-opacity=\"0.15\"/>")
      parts.append(
        "<text x=\"\(text(left - 8))\" y=\"\(text(y(tick) + 4))\" text-anchor=\"end\">"
          + "\(label(tick))</text>")
    }
    for tick in xTicks {
      parts.append(
        "<text x=\"\(text(x(Int(tick))))\" y=\"\(text(height - bottom + 18))\" "
          + "text-anchor=\"middle\">\(steps(tick))</text>")
    }
    parts.append(
      "<text x=\"\(text((left + width - right) / 2))\" y=\"\(text(height - 8))\" "
        + "text-anchor=\"middle\">environment steps</text>")
    for line in panel.lines {
      let color = color(of: line)
      if line.seeds.count > 1 {
        for seed in line.seeds {
          parts.append(
            "<polyline fill=\"none\" stroke=\"\(color)\" stroke-opacity=\"0.3\" points=\""
              + path(seed.points.map { (x($0.step), y($0.value)) })
              + "\"><title>\(escaped(line.name)): seed \(seed.seed)</title></polyline>")
        }
        let band =
          line.points.map { (x($0.step), y($0.high)) }
          + line.points.reversed().map { (x($0.step), y($0.low)) }
        parts.append(
          "<polygon fill=\"\(color)\" fill-opacity=\"0.15\" points=\"\(path(band))\"/>")
      }
      parts.append(
        "<polyline fill=\"none\" \(stroke(of: line)) points=\""
          + path(line.points.map { (x($0.step), y($0.value)) })
          + "\"><title>\(escaped(line.name))</title></polyline>")
    }
    func entry(_ line: Line, x: Double, y: Double) -> String {
      "<line x1=\"\(text(x))\" x2=\"\(text(x + 18))\" y1=\"\(text(y - 4))\" y2=\"\(text(y - 4))\" "
        + "\(stroke(of: line))/>"
        + "<text x=\"\(text(x + 23))\" y=\"\(text(y))\">\(escaped(shortened(line.name)))</text>"
    }
    let rows = legendRows(below: panel)
    if rows.isEmpty {
      var place = width - right
      for line in panel.lines.reversed() {
        place -= legendWidth(of: line)
        parts.append(entry(line, x: place, y: 20))
      }
    }
    for (index, row) in rows.enumerated() {
      var place = left
      for line in row {
        parts.append(entry(line, x: place, y: height + legendRowHeight * Double(index) + 8))
        place += legendWidth(of: line)
      }
    }
    return parts
  }

  private static func color(of line: Line) -> String { colors[line.color % colors.count] }

  private static func stroke(of line: Line) -> String {
    let dash = dashes[line.color / colors.count % dashes.count]
    return "stroke=\"\(color(of: line))\" stroke-width=\"2.5\""
      + (dash.isEmpty ? "" : " stroke-dasharray=\"\(dash)\"")
  }

  private static func height(of panel: Panel) -> Double {
    let rows = Double(legendRows(below: panel).count)
    return height + (rows > 0 ? legendRowHeight * rows + 8 : 0)
  }

  /// The lines that each row of the legend below the panel names; none if they all fit beside the
  /// title.
  private static func legendRows(below panel: Panel) -> [[Line]] {
    let room = width - left - right
    let widths = panel.lines.map(legendWidth)
    // Bold letters are about 7.4 units wide.
    if widths.reduce(0, +) + 7.4 * Double(panel.title.count) <= room { return [] }
    var rows: [[Line]] = []
    var used = room
    for (line, width) in zip(panel.lines, widths) {
      if used + width > room {
        rows.append([])
        used = 0
      }
      rows[rows.count - 1].append(line)
      used += width
    }
    return rows
  }

  private static func legendWidth(of line: Line) -> Double {
    // A letter is about 6.4 units wide; 6.6 leaves a little room.
    6.6 * Double(shortened(line.name).count) + 34
  }

  /// A name that fits into a row of the legend.
  private static func shortened(_ name: String) -> String {
    name.count > 95 ? "\(name.prefix(94))…" : name
  }

  /// Three to seven round numbers within `range`.
  package static func ticks(_ range: ClosedRange<Double>) -> [Double] {
    let span = range.upperBound - range.lowerBound
    guard span > 0, span.isFinite else { return [range.lowerBound] }
    let magnitude = pow(10, floor(log10(span)))
    let step =
      [0.1, 0.2, 0.25, 0.5, 1, 2].map { $0 * magnitude }.first { span / $0 <= 6 } ?? magnitude
    let first = (range.lowerBound / step).rounded(.up)
    let last = (range.upperBound / step + 1e-9).rounded(.down)
    return (0...Int(last - first)).map { (first + Double($0)) * step }
  }

  private static func label(_ value: Double) -> String {
    let rounded = (value * 1e6).rounded() / 1e6
    return Int(exactly: rounded).map(String.init) ?? "\(rounded)"
  }

  private static func steps(_ value: Double) -> String {
    if value == 0 { return "0" }
    return value >= 1e6
      ? "\(label(value / 1e6)) M" : value >= 1e3 ? "\(label(value / 1e3)) k" : label(value)
  }

  private static func text(_ value: Double) -> String {
    let rounded = (value * 10).rounded() / 10
    return Int(exactly: rounded).map(String.init) ?? "\(rounded)"
  }
}

/// `text` escaped for SVG and HTML, also for attributes in double quotes.
package func escaped(_ text: String) -> String {
  text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    .replacing("\"", with: "&quot;")
}
