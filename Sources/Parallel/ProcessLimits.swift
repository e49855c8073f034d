import Foundation

/// What the operating system gives this process, which may be less than the machine has: processors
/// (`taskset`, the quota of a container) and memory (`ulimit`, the limit of a container).
package struct ProcessLimits {
  /// Threads that can run at the same time, at least one.
  package let processors: Int
  /// The memory that this process may have (bytes), and what limits it.
  package let memory: Memory
  /// The memory that this process and all others that it starts may have together, without the
  /// limits that each has for itself (`ulimit`).
  package let sharedMemory: Memory

  /// An amount of memory.
  package struct Memory {
    /// How much (bytes).
    package let bytes: Double
    /// What sets this limit, as the beginning of a message: "this machine has".
    package let source: String
  }

  /// Reads the limits of this process as they are now. `root`, for tests, is put before the paths
  /// of `/proc` and of the control groups.
  package init(root: String = "") {
    let groups = ControlGroups(root: root)
    let affinity = Self.affinity(root) ?? ProcessInfo.processInfo.processorCount
    // Rounded down: threads that share a part of a processor would wait for each other.
    processors = max(1, min(affinity, groups.processors.map { Int($0) } ?? affinity))
    let physical = Double(ProcessInfo.processInfo.physicalMemory)
    var shared = Memory(bytes: physical, source: "this machine has")
    if let bytes = groups.memory, bytes < physical {
      shared = Memory(bytes: bytes, source: "this container (cgroup) may use")
    }
    sharedMemory = shared
    memory = ([shared] + Self.resourceLimits(root)).min { $0.bytes < $1.bytes }!
  }

  /// The processors that `taskset` and cpusets leave to this process.
  private static func affinity(_ root: String) -> Int? {
    guard let list = value(of: "Cpus_allowed_list:", in: "\(root)/proc/self/status") else {
      return nil
    }
    let count = list.split(separator: ",").reduce(0) { count, range in
      let ends = range.split(separator: "-").compactMap { Int($0) }
      guard let first = ends.first, let last = ends.last, first <= last else { return count }
      return count + last - first + 1
    }
    return count > 0 ? count : nil
  }

  /// What `ulimit -v` and `ulimit -d` leave.
  private static func resourceLimits(_ root: String) -> [Memory] {
    let kinds = [
      ("Max address space", "VmSize:", "ulimit -v"), ("Max data size", "VmData:", "ulimit -d"),
    ]
    return kinds.compactMap { name, used, command in
      guard
        let limit = value(of: name, in: "\(root)/proc/self/limits").flatMap({ Double($0) }),
        let taken = value(of: used, in: "\(root)/proc/self/status").flatMap({ Double($0) })
      else { return nil }
      return Memory(
        bytes: max(0, limit - taken * 1024), source: "this process (\(command)) may still use")
    }
  }

  /// The first word after `key` in a file of lines.
  private static func value(of key: String, in path: String) -> String? {
    guard let text = try? String(contentsOfFile: path, encoding: .utf8),
      let line = text.split(separator: "\n").first(where: { $0.hasPrefix(key) })
    else { return nil }
    return line.dropFirst(key.count).split(whereSeparator: \.isWhitespace).first.map(String.init)
  }
}

/// The limits of the control groups of this process, including the groups above its own: version 2,
/// where one hierarchy has all limits, or version 1, where each controller has its own hierarchy.
private struct ControlGroups {
  /// The number of processors, which may have a fraction; nil without a limit.
  let processors: Double?
  /// Memory (bytes); nil without a limit.
  let memory: Double?

  init(root: String) {
    let mounts = Self.lines("\(root)/proc/self/mountinfo").compactMap(Mount.init)
    let groups = Self.lines("\(root)/proc/self/cgroup").compactMap(Group.init)
    var processors: [Double] = []
    var memory: [Double] = []
    for group in groups {
      guard let mount = mounts.first(where: { $0.holds(group) }) else { continue }
      for folder in mount.folders(of: group).map({ root + $0 }) {
        if let quota = Self.numbers("\(folder)/cpu.max"), quota.count == 2 {
          processors.append(quota[0] / quota[1])
        }
        if let quota = Self.numbers("\(folder)/cpu.cfs_quota_us")?.first, quota > 0,
          let period = Self.numbers("\(folder)/cpu.cfs_period_us")?.first, period > 0
        {
          processors.append(quota / period)
        }
        for name in ["memory.max", "memory.limit_in_bytes"] {
          memory += Self.numbers("\(folder)/\(name)")?.prefix(1) ?? []
        }
      }
    }
    self.processors = processors.min()
    self.memory = memory.min()
  }

  /// A line of `/proc/self/cgroup`: `4:memory:/path`, and `0::/path` in version 2.
  private struct Group {
    let controllers: [Substring]
    let path: String

    init?(_ line: Substring) {
      let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard parts.count == 3 else { return nil }
      controllers = parts[1].split(separator: ",")
      path = String(parts[2])
    }
  }

  /// A line of `/proc/self/mountinfo` that mounts control groups.
  private struct Mount {
    /// The group whose folder is mounted at ``place``.
    let group: String
    let place: String
    let options: [Substring]
    let isVersion2: Bool

    init?(_ line: Substring) {
      let fields = line.split(separator: " ")
      guard fields.count >= 6, let dash = fields.lastIndex(of: "-"), dash + 3 < fields.count,
        fields[dash + 1].hasPrefix("cgroup")
      else { return nil }
      group = String(fields[3])
      place = String(fields[4]).replacing("\\040", with: " ")
      options = fields[dash + 3].split(separator: ",")
      isVersion2 = fields[dash + 1] == "cgroup2"
    }

    func holds(_ group: Group) -> Bool {
      group.controllers.isEmpty
        ? isVersion2 : !isVersion2 && group.controllers.allSatisfy(options.contains)
    }

    /// The folder of `group` and those above it, as far as they can be seen.
    func folders(of group: Group) -> [String] {
      // A container sees its own group as the root, or the names that its host gave it.
      let base = self.group == "/" ? "" : self.group
      var path = group.path.hasPrefix(base) ? String(group.path.dropFirst(base.count)) : ""
      var folders: [String] = []
      while !path.isEmpty, path != "/" {
        folders.append(place + path)
        path = (path as NSString).deletingLastPathComponent
      }
      return folders + [place]
    }
  }

  private static func lines(_ path: String) -> [Substring] {
    ((try? String(contentsOfFile: path, encoding: .utf8)) ?? "").split(separator: "\n")
  }

  /// The numbers in a file; nil where it says `max` or isn't there.
  private static func numbers(_ path: String) -> [Double]? {
    guard let line = lines(path).first else { return nil }
    let numbers = line.split(separator: " ").map { Double($0) }
    return numbers.contains { $0 == nil } ? nil : numbers.compactMap(\.self)
  }
}
