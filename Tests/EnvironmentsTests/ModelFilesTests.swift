import Environments
import Foundation
import Testing

@Suite("The files under models/")
struct ModelFilesTests {
  /// With `HIRO_WRITE_MODELS=1` the files are written instead: see `scripts/generate-models`.
  private static let writes = ProcessInfo.processInfo.environment["HIRO_WRITE_MODELS"] == "1"

  private static let folder = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("models")

  @Test("Each XML is what the generator makes", arguments: TaskRegistry.models.map(\.file))
  func modelEqualsGenerator(file: String) throws {
    let text = try #require(TaskRegistry.models.first { $0.file == file }).text
    try check(file, equals: text)
  }

  @Test("Each map is what the program has built in", arguments: MazeMap.builtIn.map(\.name))
  func mapEqualsBuiltIn(name: String) throws {
    let map = try #require(MazeMap.builtIn.first { $0.name == name })
    try check("maps/\(name).txt", equals: map.text)
    let read = try MazeMap(path: Self.folder.appendingPathComponent("maps/\(name).txt").path)
    #expect(read == map)
  }

  private func check(_ file: String, equals text: String) throws {
    let url = Self.folder.appendingPathComponent(file)
    if Self.writes { try Data(text.utf8).write(to: url) }
    let written = try String(contentsOf: url, encoding: .utf8)
    #expect(written == text, "\(file) is stale: run scripts/generate-models")
  }
}
