import Foundation
import Testing

@Suite("Documentation")
struct DocumentationTests {
  private static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// The Markdown files that a reader opens first, and everything under docs/.
  static let pages: [String] = {
    let docs = FileManager.default.enumerator(atPath: root.appendingPathComponent("docs").path)
    let below = (docs?.allObjects as? [String] ?? []).map { "docs/\($0)" }
    let top = (try? FileManager.default.contentsOfDirectory(atPath: root.path)) ?? []
    return (top + below).filter { $0.hasSuffix(".md") }.sorted()
  }()

  @Test("Every link to a file of ours leads to one", arguments: pages)
  func links(page: String) throws {
    let url = Self.root.appendingPathComponent(page)
    let text = try String(contentsOf: url, encoding: .utf8)
    let inline = text.matches(of: /\]\(([^)\s]+)\)/).map { String($0.1) }
    let below = text.matches(of: /(?m)^\[[^\]]+\]: (\S+)/).map { String($0.1) }
    for link in inline + below where !link.contains("://") && !link.hasPrefix("#") {
      let path = link.prefix { $0 != "#" }
      let file = url.deletingLastPathComponent().appendingPathComponent(String(path)).path
      #expect(FileManager.default.fileExists(atPath: file), "\(link)")
    }
  }
}
