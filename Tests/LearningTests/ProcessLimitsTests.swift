import Foundation
import Learning
import Parallel
import Testing

@Suite("What the operating system gives this process")
struct ProcessLimitsTests {
  /// A folder with made-up files of `/proc` and of control groups.
  final class Machine {
    let root = FileManager.default.temporaryDirectory
      .appendingPathComponent("hiro-machine-\(UUID().uuidString)").path

    init(_ files: [String: String]) throws {
      for (path, text) in files {
        let url = URL(fileURLWithPath: root + path)
        try FileManager.default.createDirectory(
          at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try text.write(to: url, atomically: false, encoding: .utf8)
      }
    }

    deinit { try? FileManager.default.removeItem(atPath: root) }
  }

  static let status =
    "VmSize:\t  1000000 kB\nVmData:\t  200000 kB\nCpus_allowed_list:\t0-3,8,10-11\n"
  static let unlimited =
    "Max data size             unlimited            unlimited            bytes\n"
    + "Max address space         unlimited            unlimited            bytes\n"

  @Test("Control groups of version 2, also those above one's own")
  func version2() throws {
    let machine = try Machine([
      "/proc/self/status": Self.status, "/proc/self/limits": Self.unlimited,
      "/proc/self/cgroup": "0::/job.slice/step\n",
      "/proc/self/mountinfo":
        "25 1 0:22 / /proc rw - proc proc rw\n"
        + "30 25 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n",
      "/sys/fs/cgroup/job.slice/memory.max": "500000000\n",
      "/sys/fs/cgroup/job.slice/step/memory.max": "max\n",
      "/sys/fs/cgroup/job.slice/cpu.max": "max 100000\n",
      "/sys/fs/cgroup/job.slice/step/cpu.max": "250000 100000\n",
    ])
    let limits = ProcessLimits(root: machine.root)
    #expect(limits.processors == 2)
    #expect(limits.memory.bytes == 5e8)
    #expect(limits.memory.source.contains("cgroup"))
  }

  @Test("Control groups of version 1, in a container that calls its own group the root")
  func version1() throws {
    let machine = try Machine([
      "/proc/self/status": Self.status, "/proc/self/limits": Self.unlimited,
      "/proc/self/cgroup": "4:memory:/docker/abc\n2:cpu,cpuacct:/docker/abc\n0::/docker/abc\n",
      "/proc/self/mountinfo":
        "31 30 0:27 /docker/abc /sys/fs/cgroup/cpu,cpuacct ro - cgroup cgroup rw,cpu,cpuacct\n"
        + "32 30 0:28 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n",
      "/sys/fs/cgroup/memory/memory.limit_in_bytes": "400000000\n",
      "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "50000\n",
      "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
    ])
    let limits = ProcessLimits(root: machine.root)
    #expect(limits.processors == 1)
    #expect(limits.memory.bytes == 4e8)
  }

  @Test("taskset and ulimit")
  func process() throws {
    let machine = try Machine([
      "/proc/self/status": Self.status, "/proc/self/cgroup": "0::/\n",
      "/proc/self/mountinfo": "",
      "/proc/self/limits":
        "Max data size             300000000            unlimited            bytes\n"
        + "Max address space         1100000000           unlimited            bytes\n",
    ])
    let limits = ProcessLimits(root: machine.root)
    #expect(limits.processors == 7)
    #expect(limits.memory.bytes == 1_100_000_000 - 1_024_000_000)
    #expect(limits.memory.source.contains("ulimit -v"))
  }

  @Test("Without any of these files the machine is what there is")
  func nothing() throws {
    let limits = ProcessLimits(root: "/nowhere")
    #expect(limits.processors >= 1)
    #expect(limits.memory.bytes == Double(ProcessInfo.processInfo.physicalMemory))
  }
}
