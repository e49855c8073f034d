import Experiments
import Foundation
import Learning
import TestSupport
import Testing

@Suite("Studies: tasks × variants × seeds")
struct StudyTests {
  let folder = try! TemporaryFolder()

  static let yaml = """
    tasks: [point-maze, ant-push]
    variants:
      - hiro
      - name: short-sighted
        preset: hiro
        set:
          lower.discount: 0.9
          higher: {discount: 0.8}
    seeds: 1-2,7
    steps: 1_000
    set: {warmUpSteps: 50}
    slurm: ["#SBATCH --account=me", --constraint=avx512]
    """

  @Test("A study file gives each run the settings that hiro train would use")
  func runs() throws {
    let study = try Study(yaml: Self.yaml, source: "s.yaml")
    #expect(study.slurm == ["--account=me", "--constraint=avx512"])
    let runs = try study.runs()
    #expect(runs.count == 12)
    #expect(runs.map(\.index) == Array(0..<12))
    #expect(
      runs[3].folder == "ant-push/short-sighted/seed-1"
        && runs[4].folder == "point-maze/hiro/seed-2")
    #expect(
      runs[3].arguments == [
        "ant-push", "--preset", "hiro", "--set", "warmUpSteps=50", "--set", "lower.discount=0.9",
        "--set", "higher.discount=0.8", "--steps", "1000", "--seed", "1",
      ])
    let configuration = runs[3].configuration
    #expect(configuration.task == "ant-push" && configuration.seed == 1)
    #expect(configuration.learning.lower.discount == 0.9 && configuration.steps == 1_000)
    // The variant's settings override those that the task suggests.
    #expect(runs[0].configuration.learning.higher.discount == 0.95)
    #expect(runs[1].configuration.learning.higher.discount == 0.8)
  }

  @Test("What a variant sets itself is not set for all, too: hiro train takes each setting once")
  func override() throws {
    let study = try Study(
      yaml:
        "tasks: point-maze\nvariants: [{name: a, set: {warmUpSteps: 7}}]\nset: {warmUpSteps: 9}\n",
      source: "s.yaml")
    let run = try study.runs()[0]
    #expect(run.arguments == ["point-maze", "--set", "warmUpSteps=7", "--seed", "0"])
    #expect(run.configuration.learning.warmUpSteps == 7)
  }

  @Test("What is written reads back as the same study")
  func roundTrip() throws {
    let study = try Study(yaml: Self.yaml, source: "s.yaml")
    #expect(try Study(yaml: study.yaml(heading: "A study.\nOf two lines."), source: "t") == study)
    var own = Study(world: .map("a \"map\".txt", robot: "r.xml"))
    own.seeds = [5, 6, 9]
    #expect(try Study(yaml: own.yaml(heading: "x"), source: "t") == own)
  }

  @Test(
    "What is wrong in a study file is told with its line and column",
    arguments: [
      (
        "tasks: [point-maze, ant-mase]",
        "s.yaml:1:21: unknown task 'ant-mase' (did you mean ant-maze?)"
      ),
      (
        "tasks: point-maze\nvariants:\n  - hero\n",
        "s.yaml:3:5: unknown preset \"hero\"; the presets"
      ),
      (
        "tasks: point-maze\nvariants:\n  - name: a\n    set:\n      lower.discont: 1\n",
        "s.yaml:5:7: unknown setting \"lower.discont\"; did you mean lower.discount?"
      ),
      (
        "tasks: point-maze\nset:\n  lower: {discount: 7}\n",
        "s.yaml:3:11: lower.discount: expected a number from 0.0 to 1.0, found \"7\""
      ),
      ("tasks: point-maze\nseeds: [1-3, 3]\n", "s.yaml:2:14: seed 3 is given twice"),
      ("tasks: point-maze\nseeds: 3-1\n", "s.yaml:2:8: expected seeds such as 1-10"),
      ("tasks: point-maze\nseeds: 0-9999999\n", "s.yaml:2:8: more than 100000 seeds"),
      ("tasks: point-maze\nset: {seed: 3}\n", "s.yaml:2:7: seed is for the whole study"),
      (
        "tasks: point-maze\nvariants: [hiro, hiro]\n",
        "s.yaml:2:18: two variants are called \"hiro\""
      ),
      (
        "tasks: point-maze\nvariants: [{set: {steps: 3}}]\n",
        "s.yaml:2:19: steps is for the whole study"
      ),
      ("tasks: point-maze\nvariants: [{set: {warmUpSteps: 3}}]\n", "needs a `name`"),
      (
        "tasks: point-maze\nvariants: [{name: ../x}]\n",
        "s.yaml:2:19: a variant's name is also its folder's name"
      ),
      ("tasks: point-maze\nmap: a.txt\n", "s.yaml:2:1: the map is the task"),
      ("task: point-maze\n", "s.yaml:1:1: unknown key \"task\"; did you mean tasks?"),
      ("seeds: 1\n", "s.yaml: no task is given"),
      ("tasks: point-maze\nslurm: [account]\n", "s.yaml:2:9: expected an option of sbatch"),
      ("tasks: [point-maze\n", "s.yaml:2:1: not YAML"),
      ("- 1\n", "s.yaml: expected lines such as `tasks:`"),
      (
        "tasks: [ant-gather, ant-maze]\nset: {higher.otherSurroundings: 0.5}\n",
        "ant-maze default: higher.otherSurroundings: needs a task whose objects"
      ),
    ])
  func refusals(yaml: String, message: String) {
    do {
      _ = try Study(yaml: yaml, source: "s.yaml").runs()
      Issue.record("accepted")
    } catch {
      #expect("\(error)".contains(message), "\(error)")
      #expect(!"\(error)".contains("\n"))
    }
  }

  @Test("A folder keeps its study, which may grow but not change")
  func folders() throws {
    let path = folder.file("study")
    var study = Study(world: .tasks(["point-maze"]))
    study.seeds = [1, 2]
    do {
      let made = try StudyFolder(path: path, study: study)
      #expect(!FileManager.default.fileExists(atPath: path), "opening writes nothing")
      try made.prepare()
    }
    #expect(try StudyFolder(path: path).study == study)
    study.seeds = [1, 2, 3]
    study.variants.append(Study.Variant(preset: "flat"))
    #expect(try StudyFolder(path: path, study: study).runs.count == 6)
    study.steps = 7
    let message = #"point-maze default seed 1 is 10000000 there and 7 here; choose another folder"#
    #expect { try StudyFolder(path: path, study: study) } throws: { "\($0)".contains(message) }
    study.steps = nil
    study.seeds = [2]
    #expect { try StudyFolder(path: path, study: study) } throws: {
      "\($0)".contains("it has the run point-maze default seed 1, which this one does not have")
    }
    #expect { try StudyFolder(path: folder.path) } throws: {
      "\($0)".contains("contains no study.yaml")
    }
    try folder.file("study/config.yaml", "seed: 1\n")
    #expect { try StudyFolder(path: path, study: study) } throws: {
      "\($0)".contains("contains a run of hiro train")
    }
  }

  @Test("A study of a map carries the map, and refuses another one in its folder")
  func map() throws {
    let map = try folder.file("lane.txt", "#####\n#R.a#\n#####\n")
    let path = folder.file("study")
    let study = Study(world: .map(map, robot: nil))
    try StudyFolder(path: path, study: study).prepare()
    try FileManager.default.removeItem(atPath: map)
    let again = try StudyFolder(path: path)
    #expect(again.runs.count == 1 && again.runs[0].task == "lane")
    #expect(again.runs[0].arguments.prefix(2) == ["--map", "\(path)/map.txt"])
    let other = try folder.file("other.txt", "name: lane\n######\n#R..a#\n######\n")
    #expect { try StudyFolder(path: path, study: Study(world: .map(other, robot: nil))) } throws: {
      "\($0)".contains("its map is different")
    }
  }

  @Test("Time limits in all of Slurm's forms")
  func timeLimits() {
    let expected = [
      "90": 5_400, "4:30": 270, "4:00:00": 14_400, "2-12": 216_000, "1-0:30": 88_200,
      "1-01:01:01": 90_061,
    ]
    for (text, seconds) in expected {
      #expect(SlurmArray.seconds(inTime: text) == seconds, "\(text)")
    }
    for text in ["", "x", "1:2:3:4", "-1", "1-", "1--2", "99999999999"] {
      #expect(SlurmArray.seconds(inTime: text) == nil, "\(text)")
    }
  }

  @Test("More runs at a time than there is memory for are refused")
  func memory() throws {
    var study = Study(world: .tasks(["ant-maze"]))
    try study.apply(steps: nil, assignments: ["lower.replayCapacity=20_000_000"])
    study.seeds = Array(1...100)
    let made = try StudyFolder(path: folder.file("study"), study: study)
    #expect { try StudyRunner(made, program: "/bin/true", jobs: 100, threads: 1) } throws: {
      "\($0)".hasPrefix("--jobs 100: this many runs at a time need more memory")
    }
  }
}
