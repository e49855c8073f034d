/// What a file in Wavefront's text format (OBJ) contains. Each corner of a face names a vertex and,
/// if the file has any, a texture coordinate and a normal.
struct OBJContents {
  /// How many vertices, texture coordinates and normals there are.
  private var counts = [0, 0, 0]
  /// The largest index of each, counted from 1 or, if it is negative, from the end.
  private var largest = [0, 0, 0]
  /// Whether a corner lacks each of them, or has something else in its place.
  private var isMissing = [false, false, false]
  private var hasLines = false

  init(_ bytes: [UInt8]) {
    var start = 0
    while start < bytes.count {
      var end = start
      while end < bytes.count, bytes[end] != 0x0a, bytes[end] != 0x0d { end += 1 }
      take(line: bytes[start..<end])
      start = end + 1
    }
  }

  /// How many vertices there are.
  var vertexCount: Int { counts[0] }
  /// How many texture coordinates there are.
  var textureCount: Int { counts[1] }

  /// What is wrong with the faces; `nil` if nothing is.
  var problem: String? {
    if hasLines { return "it has lines or points, which are not a mesh" }
    for kind in 0..<3 where kind == 0 || counts[kind] > 0 {
      guard isMissing[kind] || largest[kind] > counts[kind] else { continue }
      return [
        "a face refers to a vertex that does not exist",
        "a face has no texture coordinate, or one that does not exist",
        "a face has no normal, or one that does not exist",
      ][kind]
    }
    return nil
  }

  private mutating func take(line: ArraySlice<UInt8>) {
    var rest = line
    let key = Self.takeWord(from: &rest)
    if key.elementsEqual("v".utf8) {
      counts[0] += 1
    } else if key.elementsEqual("vt".utf8) {
      counts[1] += 1
    } else if key.elementsEqual("vn".utf8) {
      counts[2] += 1
    } else if key.elementsEqual("f".utf8) {
      while case let corner = Self.takeWord(from: &rest), !corner.isEmpty { take(corner: corner) }
    } else if key.elementsEqual("l".utf8) || key.elementsEqual("p".utf8) {
      hasLines = true
    }
  }

  private mutating func take(corner: ArraySlice<UInt8>) {
    var rest = corner
    for kind in 0..<3 {
      // What comes after the second slash is all one.
      let slash = kind < 2 ? rest.firstIndex(of: UInt8(ascii: "/")) : nil
      let end = slash ?? rest.endIndex
      if let index = Self.index(rest[rest.startIndex..<end]) {
        largest[kind] = max(largest[kind], index)
      } else {
        isMissing[kind] = true
      }
      rest = rest[(slash.map { $0 + 1 } ?? end)..<rest.endIndex]
    }
  }

  /// The first word of `line`, which is removed from it; empty if there is none.
  private static func takeWord(from line: inout ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var start = line.startIndex
    while start < line.endIndex, isBlank(line[start]) { start += 1 }
    var end = start
    while end < line.endIndex, !isBlank(line[end]) { end += 1 }
    let word = line[start..<end]
    line = line[end..<line.endIndex]
    return word
  }

  private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

  /// The index that `digits` say, without its sign; `nil` if they say none.
  private static func index(_ digits: ArraySlice<UInt8>) -> Int? {
    var place = digits.startIndex
    if let sign = digits.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") {
      place += 1
    }
    guard 1...10 ~= digits.endIndex - place else { return nil }
    var value = 0
    while place < digits.endIndex {
      let digit = digits[place]
      guard UInt8(ascii: "0")...UInt8(ascii: "9") ~= digit else { return nil }
      value = 10 * value + Int(digit - UInt8(ascii: "0"))
      place += 1
    }
    return value > 0 ? value : nil
  }
}
