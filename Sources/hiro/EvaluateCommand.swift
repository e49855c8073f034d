import ArgumentParser
import Environments
import Experiments
import Foundation
import Learning
import Parallel

struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract: "Measure how often a policy succeeds.",
    discussion: """
      Runs episodes without exploration noise and reports: the success rate at the last step of an \
      episode, as in the paper, with its 95 % interval (Wilson); the success rate at any time, as \
      in HRAC and LESSON (the robot reached the target, but may have left it again); the mean \
      distance from the target at the end; and the mean return. An episode depends only on the \
      seed, its target and its number, so the number of threads does not change the result (bit \
      for bit the same on the same kind of processor).

      A policy file contains a card: the score that was measured in training or with --write-card, \
      and the program, libraries and processor with which it was measured. This score is measured \
      again, and the report says whether it is the same to the last bit, or what is different.

        hiro evaluate runs/maze                   50 episodes to each of its targets
        hiro evaluate runs/maze --target 0,16     one target, as in the paper
        hiro evaluate best.safetensors --json     for other programs
        hiro evaluate runs/maze --task ant-push   the same policy in another maze
      """)

  @OptionGroup var policy: PolicyArguments

  @Option(parsing: .unconditional, help: "Episodes per target.")
  var episodes = 50

  @Option(parsing: .unconditional, help: "Seed of the random start states of the episodes.")
  var seed: UInt64 = 0

  @Option(
    parsing: .unconditionalSingleValue,
    help: .init(
      "A target in metres instead of the task's own targets; may be given several times.",
      valueName: "x,y"))
  var target: [String] = []

  @Option(
    parsing: .unconditional, help: "Maximum number of threads; the result does not depend on it.")
  var threads = WorkerPool.processorCount

  @Flag(inversion: .prefixedNo, help: "Measure the score on the policy's card again.")
  var card = true

  @Flag(help: "Write the result into the policy's card.")
  var writeCard = false

  @Flag(help: "Print everything as JSON, including every episode.")
  var json = false

  func validate() throws {
    try ValidationError.check("--episodes", episodes, in: 1...1_000_000)
    try ValidationError.check(threads: threads)
    guard !writeCard || (policy.task == nil && target.isEmpty) else {
      throw ValidationError(
        "--write-card: a card holds the score for the policy's own task and targets; leave out "
          + "--task and --target")
    }
    guard !writeCard || episodes <= Evaluation.mostEpisodesOfCard else {
      throw ValidationError(
        "--write-card: at most \(Evaluation.mostEpisodesOfCard) episodes, so that the card can be "
          + "checked; give --episodes a smaller number")
    }
  }

  func run() throws {
    let (policy, path, definition) = try policy.load()
    let task = definition.description
    var evaluation = Evaluation(task: task, episodes: episodes, seed: seed, threads: threads)
    if !target.isEmpty {
      evaluation.targets = try target.map { try PolicyArguments.target($0, task: task) }
    }
    let model = try definition.makeModel()
    func measure(_ evaluation: Evaluation) throws -> EvaluationResult {
      defer { Messages.shared.endLine() }
      return try evaluation.run(
        makeEnvironment: { try definition.makeEnvironment(model: model) },
        makePolicy: { try policy.makePolicy(for: task) },
        progress: CountLine("evaluate", unit: "episodes").show)
    }
    let result = try measure(evaluation)
    let check = try self.check(policy, result, task: task, measure)
    if writeCard {
      // Training may have replaced the file during the evaluation.
      var carded = try PolicyFile(path: path)
      guard carded.step == policy.step, carded.tensors == policy.tensors else {
        throw PolicyFileError.replaced(path: path)
      }
      carded.card = PolicyCard(score: PolicyCard.Score(result), software: .current)
      try carded.write(to: path, task: task)
    }
    if json { return try printJSON(Output(result: result, card: check)) }
    print(
      "\(task.name), \(path) after \(grouped(policy.step)) steps, "
        + "\(counted(episodes, "episode")) per target, seed \(seed)\n")
    print(EvaluationTable(result).text, terminator: "")
    if let check, let score = policy.card?.score {
      print(
        "\n\(counted(score.episodes, "episode")) per target, seed \(score.seed): "
          + check.description)
    }
    if writeCard { print("\nwritten into the policy's card") }
  }

  /// Checks the score on the policy's card by measuring it again, or by `result` if that was
  /// measured in the same way. Nil if there is no score, or if the options ask for something else.
  private func check(
    _ policy: PolicyFile, _ result: EvaluationResult, task: TaskDescription,
    _ measure: (Evaluation) throws -> EvaluationResult
  ) throws -> CardCheck? {
    guard card, !writeCard, self.policy.task == nil, target.isEmpty, let written = policy.card,
      let score = written.score
    else { return nil }
    guard let evaluation = Evaluation(score, of: task, threads: threads) else {
      Messages.shared.say(
        "note: the score on the policy's card is not measured again: it is of other targets than "
          + "\(task.name)'s, or of more than \(Evaluation.mostEpisodesOfCard) episodes")
      return nil
    }
    let isSame =
      score.episodes == episodes && score.seed == seed
      && evaluation.targets.count == result.targets.count
    return CardCheck(
      written, score: PolicyCard.Score(isSame ? result : try measure(evaluation)))
  }

  /// What `--json` prints: the fields of the result, and `card`, the check of the policy's card.
  private struct Output: Encodable {
    let result: EvaluationResult
    let card: CardCheck?

    private enum CodingKeys: CodingKey { case card }

    func encode(to encoder: any Encoder) throws {
      try result.encode(to: encoder)
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(card, forKey: .card)
    }
  }
}

/// The result of an evaluation as a table for people.
struct EvaluationTable {
  let text: String

  init(_ result: EvaluationResult) {
    let hasTargets = result.overall.success != nil
    var rows =
      hasTargets
      ? [
        [
          "target", "success (last step)", "95 % interval", "success (any time)", "final distance",
          "return",
        ]
      ]
      : [["", "score", "standard error"]]
    func add(_ name: String, _ summary: EvaluationResult.Summary) {
      if let success = summary.success {
        rows.append([
          name, fixed(success.value, 3),
          "\(fixed(success.interval.lowerBound, 3)) – \(fixed(success.interval.upperBound, 3))",
          summary.successAtAnyTime.map { fixed($0.value, 3) } ?? "",
          summary.meanFinalDistance.map { "\(fixed($0, 2)) m" } ?? "",
          fixed(summary.meanReturn, 1),
        ])
      } else {
        rows.append([
          name, fixed(summary.meanReturn, 3),
          summary.returnStandardError.map { fixed($0, 3) } ?? "",
        ])
      }
    }
    for entry in result.targets {
      let place = entry.target.position.map { fixed($0, 1) }.joined(separator: ", ")
      add(hasTargets ? "\(entry.target.name) (\(place))" : "all episodes", entry.summary)
    }
    if result.targets.count > 1 { add("all", result.overall) }
    var text = table(rows)
    if let overturned = result.overall.overturned, overturned > 0 {
      text += "\nThe robot lay on its back at the end of \(counted(overturned, "episode")).\n"
    }
    if result.overall.diverged > 0 {
      let episodes = counted(result.overall.diverged, "episode")
      text += "\nThe simulation became unstable in \(episodes).\n"
    }
    self.text = text
  }
}
