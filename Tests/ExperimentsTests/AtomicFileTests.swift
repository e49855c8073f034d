import Experiments
import Files
import Foundation
import TestSupport
import Testing

@Suite("Files are written whole or not at all")
struct AtomicFileTests {
  let folder = try! TemporaryFolder()

  @Test("A write replaces the older file and leaves nothing beside it")
  func replaces() throws {
    let path = folder.file("a.txt")
    try AtomicFile.write("old", to: path)
    try AtomicFile.write("new", to: path)
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "new")
    #expect(try folder.contents == ["a.txt"])
  }

  @Test("A write that fails half-way leaves the older file untouched")
  func failure() throws {
    let path = folder.file("a.txt")
    try AtomicFile.write("old", to: path)
    #expect(throws: FileError.diskFull(path: path)) {
      try AtomicFile.write(to: path) { file throws(FileError) in
        try file.append([UInt8](repeating: 0, count: 1 << 20))
        throw .diskFull(path: path)
      }
    }
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "old")
    #expect(try folder.contents == ["a.txt"])
  }

  @Test("A missing folder and a folder in the way are named")
  func folders() throws {
    let path = folder.file("no/a.txt")
    #expect(throws: FileError.noSuchFolder(path: folder.file("no"))) {
      try AtomicFile.write("x", to: path)
    }
    #expect(throws: FileError.isFolder(path: folder.path, writing: true)) {
      try AtomicFile.write("x", to: folder.path)
    }
  }

  @Test("A full disk is told by its name, for whole files and for growing ones")
  func fullDisk() {
    let path = "/dev/full"
    // A short text waits in a buffer, a long one does not.
    for count in [1, 1 << 20] {
      let bytes = [UInt8](repeating: 1, count: count)
      #expect(throws: FileError.diskFull(path: path)) { try AtomicFile.write(bytes, to: path) }
      #expect(throws: FileError.diskFull(path: path)) {
        try AppendedFile(path: path).append(bytes)
      }
    }
  }
}
