import Files
import Foundation

/// The learning curves of a run as TensorBoard reads them: an event file for each session, that is
/// each time the run was begun or continued.
///
/// The format is TensorFlow's: records with a length and masked CRC-32Cs (`tfrecord`), each holding
/// an `Event` of `event.proto`. Every record is written with a single write, so that the file of a
/// killed process ends with a complete record. A continued run cuts the older files back to a given
/// step, and tells a running TensorBoard to discard what it has read after that step.
package final class EventFile {
  private let file: AppendedFile

  /// What the names of event files begin with.
  package static let prefix = "events.out.tfevents."

  /// The most bytes of an event file that is read again; a film has a few hundred kilobytes.
  private static let sizeLimit = 1 << 30

  /// Begins a file in `folder`, after cutting the event files already there back to `step`; nil for
  /// a new run, which deletes them.
  package init(folder: String, continuingAfter step: Int?) throws(FileError) {
    let older = Self.files(in: folder)
    for file in older { try Self.cut(file, after: step ?? -1) }
    // The names' order is the order in which TensorBoard reads the files.
    let newest = older.compactMap(Self.time).max() ?? 0
    let time = max(Int(Date().timeIntervalSince1970), newest + 1)
    let host = ProcessInfo.processInfo.hostName
      .map { $0.isLetter || $0.isNumber || $0 == "-" ? $0 : "_" }.map(String.init).joined()
    file = try AppendedFile(
      path: "\(folder)/\(Self.prefix)\(time).\(host).\(getpid())", isNew: true)
    try append(step: 0) { $0.add(EventField.fileVersion, "brain.Event:2") }
    guard let step else { return }
    try append(step: step + 1) { event in
      var session = ProtobufMessage()
      session.add(1, 1)  // SessionLog.status = START
      event.add(EventField.sessionLog, session)
    }
  }

  /// Appends the numbers measured at `step`, each under its tag; numbers that are not finite are
  /// left out.
  package func append(step: Int, scalars: [(tag: String, value: Double)]) throws(FileError) {
    var summary = ProtobufMessage()
    for (tag, number) in scalars where number.isFinite {
      var value = ProtobufMessage()
      value.add(1, tag)
      value.add(2, Float(number))  // Summary.Value.simple_value
      summary.add(1, value)
    }
    guard !summary.bytes.isEmpty else { return }
    try append(step: step) { $0.add(EventField.summary, summary) }
  }

  /// Appends a picture for `step`: the bytes of a PNG or of an animated GIF.
  package func append(
    step: Int, tag: String, picture: [UInt8], width: Int, height: Int
  ) throws(FileError) {
    var image = ProtobufMessage()
    image.add(1, height)
    image.add(2, width)
    image.add(3, 3)  // colorspace: RGB
    image.add(4, picture)
    var value = ProtobufMessage()
    value.add(1, tag)
    value.add(4, image)  // Summary.Value.image
    var summary = ProtobufMessage()
    summary.add(1, value)
    try append(step: step) { $0.add(EventField.summary, summary) }
  }

  /// The fields of `Event`.
  private enum EventField {
    static let wallTime: UInt64 = 1
    static let step: UInt64 = 2
    static let fileVersion: UInt64 = 3
    static let summary: UInt64 = 5
    static let sessionLog: UInt64 = 7
  }

  private func append(step: Int, _ fill: (inout ProtobufMessage) -> Void) throws(FileError) {
    var event = ProtobufMessage()
    event.add(EventField.wallTime, Date().timeIntervalSince1970)
    event.add(EventField.step, step)
    fill(&event)
    try file.append(Self.record(event.bytes))
  }

  /// `data` as a record: its length, the length's checksum, the data, the data's checksum.
  private static func record(_ data: [UInt8]) -> [UInt8] {
    func bytes(_ value: some FixedWidthInteger) -> [UInt8] {
      withUnsafeBytes(of: value.littleEndian, Array.init)
    }
    let length = bytes(UInt64(data.count))
    return length + bytes(CRC32C.masked(length)) + data + bytes(CRC32C.masked(data))
  }

  // MARK: Older files

  /// The event files in `folder`, the oldest first.
  package static func files(in folder: String) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [])
      .filter { $0.hasPrefix(prefix) }.sorted().map { "\(folder)/\($0)" }
  }

  private static func time(of path: String) -> Int? {
    (path as NSString).lastPathComponent.dropFirst(prefix.count).split(separator: ".").first
      .flatMap { Int($0) }
  }

  /// Removes the records of steps after `step`, and an incomplete record at the end. A file that
  /// keeps no more than its version record is deleted, and so is any file if `step` is negative.
  private static func cut(_ path: String, after step: Int) throws(FileError) {
    let file = try InputFile(path: path, limit: sizeLimit)
    let bytes = try file.bytes(in: 0..<file.count)
    var kept: [UInt8] = []
    var records = 0
    for (range, data) in self.records(bytes) {
      guard let recordStep = ProtobufMessage.integer(EventField.step, of: bytes[data]),
        recordStep <= UInt64(max(0, step))
      else { continue }
      kept += bytes[range]
      records += 1
    }
    if step < 0 || records <= 1 {
      unlink(path)
    } else if kept.count < bytes.count {
      try AtomicFile.write(to: path) { output throws(FileError) in try output.append(kept) }
    }
  }

  /// The complete records in `bytes`, each with the range of its data.
  private static func records(
    _ bytes: [UInt8]
  ) -> [(range: Range<Int>, data: Range<Int>)] {
    func number(_ type: (some FixedWidthInteger).Type, at start: Int) -> UInt64 {
      bytes[start..<start + type.bitWidth / 8].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
    var result: [(Range<Int>, Range<Int>)] = []
    var start = 0
    while start + 12 <= bytes.count {
      let length = number(UInt64.self, at: start)
      guard number(UInt32.self, at: start + 8) == CRC32C.masked(bytes[start..<start + 8]),
        length <= bytes.count - start - 16
      else { break }
      let data = start + 12..<start + 12 + Int(length)
      guard number(UInt32.self, at: data.upperBound) == CRC32C.masked(bytes[data]) else { break }
      result.append((start..<data.upperBound + 4, data))
      start = data.upperBound + 4
    }
    return result
  }
}
