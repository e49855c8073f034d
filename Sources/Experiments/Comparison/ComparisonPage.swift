import Environments
import Foundation
import Imaging
import Learning
import MuJoCo

/// A comparison as one HTML file that opens offline: tables, curves, and pictures of an episode of
/// the best and the median seed. It has no script and loads nothing.
package struct ComparisonPage: Sendable {
  private let comparison: Comparison
  private let table: ComparisonTable
  private let pictures: [Picture]
  private let note: String?

  private struct Picture: Sendable {
    let title: String
    let png: Data
  }

  /// Makes the page.
  ///
  /// - Parameter withPictures: Whether to play an episode of each group's best and median seed.
  package init(_ comparison: Comparison, withPictures: Bool) {
    self.comparison = comparison
    table = ComparisonTable(comparison)
    var pictures: [Picture] = []
    var note: String?
    for group in withPictures ? comparison.groups : [] {
      for example in group.examples {
        do {
          let (png, episode) = try Self.picture(of: example.run)
          let outcome =
            episode.isSuccess.map { $0 ? "success" : "no success" }
            ?? "score \(String(format: "%.0f", episode.episodeReturn))"
          pictures.append(
            Picture(
              title: "\(group.task), \(group.variant), \(example.name) "
                + "(\(example.run.configuration.seed)): \(outcome) in this episode",
              png: png))
        } catch {
          note = "There is no picture of \(example.run.folder): \(error)"
        }
      }
    }
    self.pictures = pictures
    self.note = note
  }

  /// The contact sheet of an episode of the run's best policy, and how that episode went.
  private static func picture(
    of run: RunHistory
  ) throws -> (png: Data, episode: Evaluation.Episode) {
    let path = try RunFolder.policy(at: run.folder)
    let file = try PolicyFile(path: path)
    let definition = try file.definition()
    let task = definition.description
    var recording = Recording()
    (recording.width, recording.height, recording.sheetCellWidth) = (480, 360, 240)
    (recording.keepsFrames, recording.makesVideo) = (false, false)
    // Draw only the frames of the contact sheet.
    recording.stepsPerFrame = .max
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
      "hiro-compare-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    let result = try recording.record(
      policy: file.makePolicy(for: task), in: definition,
      target: Evaluation(task: task, episodes: 1, seed: 0).targets[0], seed: 0, to: folder.path)
    return (try Data(contentsOf: URL(fileURLWithPath: result.contactSheet)), result.episode)
  }

  /// The page as HTML.
  package var html: String {
    """
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>\(escaped("hiro compare: \(comparison.tasks.joined(separator: ", "))"))</title>
    <link rel="icon" href="data:,">
    <style>
    :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
    body { max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
    .wide { overflow-x: auto; }
    table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
    th, td { padding: 0.3rem 0.8rem; text-align: right; border-bottom: 1px solid #8884;
      white-space: nowrap; }
    th { border-bottom-width: 2px; }
    th:first-child, td:first-child, .words td, .words th { text-align: left; }
    figure { margin: 1.5rem 0; }
    figure img { max-width: 100%; height: auto; }
    svg { max-width: 100%; height: auto; }
    </style>
    </head>
    <body>
    <h1>\(escaped(comparison.tasks.joined(separator: ", ")))</h1>
    <p>\(Self.explanation)</p>
    \(table.sections.map(Self.html).joined(separator: "\n"))
    <h2>Learning curves</h2>
    <p>Thick line: the interquartile mean over the seeds, with its 95 % interval by the stratified
    bootstrap; below it, the mean distance. Thin lines: the single seeds.</p>
    \(comparison.tasks.map { CurveChart(comparison, task: $0).svg(standalone: false) }.joined())
    \(picturesHTML)
    </body>
    </html>

    """
  }

  private static let explanation = """
    All numbers are from evaluations without exploration noise on the task's own target. \
    <em>Best</em>: the best evaluation of a run, which is that of the policy that the run keeps; \
    <em>last</em>: its last evaluation. IQM (interquartile mean): the mean of the middle half of \
    the seeds. Steps to 0.5 and 0.9: the step of the first evaluation with this success rate, as \
    the median over the seeds, and how many seeds reached it. A seed failed if its success rate \
    never reached 0.5.
    """

  private static func html(_ section: ComparisonTable.Section) -> String {
    let isWords = !section.rows.dropFirst().contains { $0.contains { $0.value != nil } }
    let rows = section.rows.enumerated().map { index, row in
      let tag = index == 0 ? "th scope=\"col\"" : "td"
      let cells = row.map { cell in
        let value = cell.value.map { " data-value=\"\($0)\"" } ?? ""
        return "<\(tag)\(value)>\(escaped(cell.text))</\(tag.prefix(2))>"
      }
      return "<tr>\(cells.joined())</tr>"
    }
    return """
      <h2>\(escaped(section.title))</h2>
      <div class="wide"><table\(isWords ? " class=\"words\"" : "")>
      <thead>\(rows[0])</thead>
      <tbody>
      \(rows.dropFirst().joined(separator: "\n"))
      </tbody></table></div>
      """
  }

  private var picturesHTML: String {
    guard !pictures.isEmpty || note != nil else { return "" }
    let figures = pictures.map { picture in
      """
      <figure><figcaption>\(escaped(picture.title))</figcaption>
      <img alt="\(escaped(picture.title))" src="data:image/png;base64,\
      \(picture.png.base64EncodedString())"></figure>
      """
    }
    return
      (["<h2>Episodes of the best policies</h2>"] + figures
      + (note.map { ["<p>\(escaped($0))</p>"] } ?? [])).joined(separator: "\n")
  }
}
