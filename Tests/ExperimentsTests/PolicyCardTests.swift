import Environments
import Experiments
import Foundation
import Learning
import NeuralNetworks
import TestSupport
import Testing

@Suite("A policy's card")
struct PolicyCardTests {
  let folder = try! TemporaryFolder()

  static let software = SoftwareVersions(
    program: "1.0.0", commit: "abc", mujoco: "2.2.2", oneDNN: "2.6.3", instructionSet: "avx2")

  static let card = PolicyCard(
    score: PolicyCard.Score(
      task: "point-maze", episodes: 50, seed: 3,
      targets: [
        .init(
          name: "far end", position: [0, 8], success: 0.1 + 0.2, successInterval: [0.2, 0.4],
          meanFinalDistance: 1.0 / 3, meanReturn: -1e-7)
      ]), software: software)

  @Test("A file carries its card to the last bit; one without stays readable")
  func roundTrip() throws {
    let path = folder.file("policy.safetensors")
    var configuration = RunConfiguration()
    configuration.task = "point-maze"
    let tensor = Tensor(shape: [1], values: [1])
    for card in [Self.card, PolicyCard(score: nil, software: Self.software), nil] {
      let file = PolicyFile(
        configuration: configuration, step: 7, success: 0.3, card: card, tensors: ["a": tensor])
      try file.write(to: path)
      #expect(try PolicyFile(path: path) == file)
      #expect(try SavedFile(path: path).card == card)
    }
  }

  @Test("The check says whether the score is the same, and what else is not")
  func check() {
    let score = Self.card.score!
    let same = CardCheck(Self.card, score: score, software: Self.software)
    #expect(same.isReproduced && same.softwareDifferences.isEmpty)
    #expect(same.description == "the card's score is reproduced exactly (with the same versions)")
    var other = score
    other.targets[0].success = 0.5
    var newer = Self.software
    newer.mujoco = "3.3.7"
    let different = CardCheck(Self.card, score: other, software: newer)
    #expect(!different.isReproduced)
    #expect(
      different.description
        == "the card's score is NOT reproduced: success was 0.30000000000000004 and is now 0.5; "
        + "libmujoco: 2.2.2 then, 3.3.7 now")
  }

  @Test("A stranger's card does not make anyone work without end")
  func hostile() throws {
    let task = try TaskRegistry.task(named: "point-maze")
    let own = Evaluation(task: task, episodes: 1, seed: 0)
    var score = PolicyCard.Score(EvaluationResult(evaluation: own, episodes: []))
    #expect(score.targets.count == 3)
    score.episodes = 10
    #expect(Evaluation(score, of: task, threads: 1) != nil)
    for episodes in [0, -1, 1_001, Int.max] {
      score.episodes = episodes
      #expect(Evaluation(score, of: task, threads: 1) == nil)
    }
    score.episodes = 10
    score.targets[0].position = [1, 2]
    #expect(Evaluation(score, of: task, threads: 1) == nil)
  }
}
