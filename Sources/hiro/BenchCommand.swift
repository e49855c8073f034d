import ArgumentParser
import Experiments
import Foundation
import Learning
import Parallel

struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Measure how fast this machine trains, and where the time goes.",
    discussion: """
      Trains Ant Maze in the published configuration for a short time and measures, in turns, \
      whole training steps and their parts. The limit is the time of a step if there were only \
      MuJoCo and the matrix products; the efficiency is the limit ÷ the measured time. Run it \
      while no other program runs.

        hiro bench
        hiro bench --json
      """)

  @Option(parsing: .unconditional, help: "Number of threads.")
  var threads = WorkerPool.processorCount

  @Option(parsing: .unconditional, help: "Number of rounds; each result is the median over them.")
  var rounds = 9

  @Flag(help: "Print the results as JSON.")
  var json = false

  func validate() throws {
    try ValidationError.check(threads: threads)
    try ValidationError.check("--rounds", rounds, in: 1...1_000)
  }

  func run() throws {
    var benchmark = Benchmark()
    benchmark.rounds = rounds
    let line = CountLine("bench", unit: "rounds")
    let report = try benchmark.run(threads: threads, progress: line.show)
    Messages.shared.endLine()
    if json {
      try printJSON(report)
    } else {
      print(table(rows(report)), terminator: "")
    }
  }

  private func rows(_ report: BenchmarkReport) -> [[String]] {
    func microseconds(_ value: Double) -> String { "\(fixed(value, 1)) µs" }
    return [
      ["threads", "\(report.threads)"],
      ["matrix products, one thread alone", "\(fixed(report.productRate, 0)) GFLOP/s"],
      [
        "matrix products, per thread, all threads busy",
        "\(fixed(report.productRateAllThreads, 0)) GFLOP/s",
      ],
      ["physics alone: five mj_step", microseconds(report.physicsMicroseconds)],
      ["environment step", microseconds(report.environmentStepMicroseconds)],
      ["environment step ÷ physics alone", fixed(report.environmentOverhead, 3)],
      ["lower update, one thread", microseconds(report.lowerUpdateMicroseconds)],
      ["higher update, one thread", microseconds(report.higherUpdateMicroseconds)],
      ["off-policy correction, one thread", microseconds(report.correctionMicroseconds)],
      ["rows computed in the correction, fraction of all", fixed(report.correctionRows, 3)],
      ["training", "\(fixed(report.trainingStepsPerSecond, 0)) steps/s"],
      ["limit per step", microseconds(report.limitMicroseconds)],
      ["efficiency: limit ÷ measured", fixed(report.efficiency, 3)],
      ["evaluation speed, all threads ÷ one", "\(fixed(report.evaluationSpeedup, 2)) ×"],
      ["resident memory, replay buffers full", "\(fixed(report.residentMegabytes, 0)) MB"],
      ["10 million steps take", "\(fixed(report.hoursForTenMillionSteps, 1)) h"],
    ]
  }
}
