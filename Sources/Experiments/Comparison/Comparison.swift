import Environments
import Files
import Foundation
import Learning

/// A comparison of runs: for each task and variant, the results of its seeds.
package struct Comparison: Sendable {
  /// One group for each task and variant, ordered by task.
  package let groups: [Group]
  /// The results, over all tasks that count success, of each variant that ran in all of them; empty
  /// if there are fewer than two such tasks.
  package let overall: [Overall]
  /// Each variant against each other, over the tasks that both have.
  package let improvements: [Improvement]

  /// The seeds of a variant in a task.
  package struct Group: Sendable {
    /// The task.
    package let task: String
    /// The variant.
    package let variant: String
    /// The runs, by seed, with at least one evaluation each.
    package let runs: [RunHistory]
    /// Seeds whose runs have no evaluation yet, or have not begun.
    package let missingSeeds: [UInt64]
    /// The best scores of the seeds, aggregated: the paper's measure.
    package let best: Aggregate
    /// The last scores of the seeds, aggregated.
    package let last: Aggregate
    /// The learning curve.
    package let curve: [CurvePoint]

    /// The quantity that is compared.
    package var quantity: String { runs[0].hasSuccess ? "success" : "score" }
    /// Seeds whose runs have not come to their end.
    package var unfinishedSeeds: [UInt64] {
      runs.filter { !$0.isFinished }.map(\.configuration.seed)
    }
    /// Seeds whose success rate never reached 0.5.
    package var failedSeeds: [UInt64] {
      runs.filter { $0.hasSuccess && $0.firstStep(reaching: 0.5) == nil }.map(\.configuration.seed)
    }
    /// The mean time that a run took (s), over the runs that recorded it.
    package var meanSeconds: Double? { runs.compactMap(\.seconds).mean }

    /// The step of each run's first evaluation with at least this success rate; nil for a run that
    /// never reached it.
    package func steps(to success: Double) -> [Int?] {
      runs.map { $0.firstStep(reaching: success) }
    }

    /// The median of ``steps(to:)``; a run that never reached the success rate counts as later than
    /// all others. Nil if the median is such a run.
    package func medianSteps(to success: Double) -> Double? {
      Self.median(steps(to: success).map { $0.map(Double.init) })
    }

    /// The median time until a run's first evaluation with at least this success rate (s); a run
    /// that never reached it counts as later than all others. Nil if the median is such a run, or
    /// if a run that reached it did not record its time.
    package func medianSeconds(to success: Double) -> Double? {
      let reached = runs.map { $0.firstPoint(reaching: success) }
      guard !reached.contains(where: { $0 != nil && $0?.seconds == nil }) else { return nil }
      return Self.median(reached.map { $0?.seconds })
    }

    /// The median, where nil counts as larger than all numbers; nil if the median is not finite.
    private static func median(_ values: [Double?]) -> Double? {
      values.map { $0 ?? .infinity }.quantile(0.5).flatMap { $0.isFinite ? $0 : nil }
    }

    /// The runs with the best and with the median score; if there is only one run, that one alone.
    package var examples: [(name: String, run: RunHistory)] {
      let ranked = runs.sorted {
        ($0.best ?? 0, $0.last ?? 0, -Double($0.configuration.seed))
          > ($1.best ?? 0, $1.last ?? 0, -Double($1.configuration.seed))
      }
      let median = ranked[ranked.count / 2]
      return runs.count == 1
        ? [("the only seed", median)] : [("best seed", ranked[0]), ("median seed", median)]
    }
  }

  /// A point of a learning curve.
  package struct CurvePoint: Sendable, Codable, Equatable {
    /// The environment step.
    package let step: Int
    /// The interquartile mean of the score over seeds.
    package let interquartileMean: Double
    /// The 95 % interval of ``interquartileMean``, by the bootstrap.
    package let interval: [Double]
    /// The mean distance from the target at the end of an episode (m); nil in a task without
    /// targets.
    package let finalDistance: Double?
  }

  /// A variant over all tasks.
  package struct Overall: Sendable, Encodable {
    /// The variant.
    package let variant: String
    /// The best success rates of all runs, aggregated.
    package let best: Aggregate
  }

  /// Compares the runs in `paths`: folders of studies or runs, or folders that contain such
  /// folders.
  ///
  /// - Throws: ``ComparisonError`` where they cannot be compared.
  package init(paths: [String]) throws {
    var entries: [Entry] = []
    var missing: [(task: String, variant: String, seed: UInt64)] = []
    for path in paths {
      let found = try Self.entries(in: path, missing: &missing)
      guard !found.isEmpty else { throw ComparisonError.noRuns(folder: path) }
      entries += found
    }
    try Self.checkTargets(entries)
    Self.nameApart(&entries)
    for entry in entries where entry.run.scores.isEmpty {
      missing.append((entry.run.configuration.task, entry.variant, entry.run.configuration.seed))
    }
    entries.removeAll { $0.run.scores.isEmpty }
    guard !entries.isEmpty else { throw ComparisonError.noEvaluation(folder: paths[0]) }
    try Self.checkTwice(entries)

    let tasks = entries.map(\.run.configuration.task).uniqued()
    let variants = entries.map(\.variant).uniqued()
    let groups: [Group] = tasks.flatMap { task in
      variants.compactMap { variant -> Group? in
        let runs = entries.filter {
          $0.run.configuration.task == task && $0.variant == variant
        }.map(\.run).sorted { $0.configuration.seed < $1.configuration.seed }
        guard !runs.isEmpty else { return nil }
        return Group(
          task: task, variant: variant, runs: runs,
          missingSeeds: missing.filter { $0.task == task && $0.variant == variant }.map(\.seed)
            .sorted(),
          best: Aggregate(runs.compactMap(\.best)), last: Aggregate(runs.compactMap(\.last)),
          curve: Self.curve(of: runs))
      }
    }
    let counted = tasks.filter { task in
      groups.contains { $0.task == task && $0.runs[0].hasSuccess }
    }
    let scores = { (task: String, variant: String) -> [Double]? in
      groups.first { $0.task == task && $0.variant == variant }?.runs.compactMap(\.best)
    }
    self.groups = groups
    overall =
      counted.count < 2
      ? []
      : variants.compactMap { variant in
        let strata = counted.compactMap { scores($0, variant) }
        return strata.count == counted.count
          ? Overall(variant: variant, best: Aggregate(strata: strata)) : nil
      }
    improvements = variants.flatMap { variant in
      variants.filter { $0 != variant }.compactMap { other in
        let shared = tasks.compactMap { task -> (mine: [Double], others: [Double])? in
          // With a single run of a variant, luck alone would decide.
          guard let mine = scores(task, variant), let others = scores(task, other),
            min(mine.count, others.count) > 1
          else { return nil }
          return (mine, others)
        }
        return shared.isEmpty ? nil : Improvement(variant: variant, over: other, tasks: shared)
      }
    }
  }

  /// The tasks, in the order of the runs.
  package var tasks: [String] { groups.map(\.task).uniqued() }

  /// The groups of a task: one for each variant.
  package func groups(of task: String) -> [Group] { groups.filter { $0.task == task } }

  /// The settings that differ between the variants of a task: one value for each of its groups.
  package func differingSettings(in task: String) -> [(key: String, values: [String])] {
    let layers = groups(of: task).map {
      ConfigurationLayers($0.runs[0].configuration)
    }
    return Setting.all.compactMap { setting in
      guard setting.key != "seed" else { return nil }
      let values = layers.map { $0.value(of: setting) }
      return Set(values).count > 1 ? (setting.key, values) : nil
    }
  }

  // MARK: Finding runs

  /// A run and the name of its variant.
  private struct Entry {
    let run: RunHistory
    var variant: String
  }

  /// Settings that do not distinguish variants: the task, the seed, and how long and how often
  /// something is done.
  private static let neutralKeys: Set<String> = [
    "task", "seed", "steps", "reportInterval", "evaluation.interval", "evaluation.episodes",
    "evaluation.stopAtSuccess", "checkpoint.minutes",
  ]

  private static func entries(
    in path: String, missing: inout [(task: String, variant: String, seed: UInt64)]
  ) throws -> [Entry] {
    guard access(path, F_OK) == 0 else { throw ComparisonError.file(.notFound(path: path)) }
    guard isFolder(at: path) else { throw ComparisonError.noRuns(folder: path) }
    if RunHistory.isRun(path) {
      let run = try RunHistory(folder: path)
      return [Entry(run: run, variant: try variant(of: run))]
    }
    guard access("\(path)/\(StudyFolder.file)", F_OK) == 0 else {
      return try runFolders(below: path, depth: 4).map {
        let run = try RunHistory(folder: $0)
        return Entry(run: run, variant: try variant(of: run))
      }
    }
    let study = try StudyFolder(path: path)
    var entries: [Entry] = []
    for planned in study.runs {
      if RunHistory.isRun(study.folder(of: planned)) {
        entries.append(
          Entry(
            run: try RunHistory(folder: study.folder(of: planned)), variant: planned.variant))
      } else {
        missing.append((planned.task, planned.variant, planned.seed))
      }
    }
    return entries
  }

  /// The folders of runs below `path`, sorted; folders within a run's folder are not searched.
  private static func runFolders(below path: String, depth: Int) throws -> [String] {
    guard depth > 0 else { return [] }
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    return try names.sorted().flatMap { name -> [String] in
      let child = "\(path)/\(name)"
      if RunHistory.isRun(child) { return [child] }
      guard isFolder(at: child) else { return [] }
      return try runFolders(below: child, depth: depth - 1)
    }
  }

  /// The variant name of a run outside a study: the nearest preset, and the settings that differ
  /// from it.
  private static func variant(of run: RunHistory) throws -> String {
    func name(_ preset: Preset?) throws -> (name: String, changes: [String]) {
      var layers = ConfigurationLayers()
      try layers.apply(run.task.suggestedSettings, source: "task \(run.task.name)")
      if let preset { try layers.apply(preset, for: run.task) }
      let changes = run.configuration.differences(from: layers.configuration)
        .filter { !neutralKeys.contains($0.key) }.map { "\($0.key)=\($0.mine)" }
      return (preset?.name ?? Study.Variant.plain.name, changes)
    }
    // The first of the nearest wins. Without a preset a run is HIRO as published, unless the task
    // has settings of its own.
    let names = try [name(Preset.named("hiro")), name(nil)] + Preset.all.map { try name($0) }
    let nearest = names.min { $0.changes.count < $1.changes.count }!
    return ([nearest.name] + nearest.changes.prefix(3)).joined(separator: " ")
      + (nearest.changes.count > 3 ? " …" : "")
  }

  /// Gives variants with the same name but different settings different names, by adding the
  /// settings that differ.
  private static func nameApart(_ entries: inout [Entry]) {
    for indices in Dictionary(
      grouping: entries.indices,
      by: { index in
        [entries[index].run.configuration.task, entries[index].variant]
      }
    ).values {
      let layers = indices.map { ConfigurationLayers(entries[$0].run.configuration) }
      let differing = Setting.all.filter { setting in
        !neutralKeys.contains(setting.key) && Set(layers.map { $0.value(of: setting) }).count > 1
      }
      guard !differing.isEmpty else { continue }
      for (index, layers) in zip(indices, layers) {
        let values = differing.map { "\($0.key)=\(layers.value(of: $0))" }
        entries[index].variant += " " + values.joined(separator: " ")
      }
    }
  }

  private static func checkTargets(_ entries: [Entry]) throws {
    for (_, runs) in Dictionary(grouping: entries.map(\.run), by: \.configuration.task) {
      guard let first = runs.first else { continue }
      func text(_ run: RunHistory) -> String {
        run.targets.map {
          "\($0.name) (\($0.position.map { "\($0)" }.joined(separator: ", ")))"
        }.joined(separator: ", ")
      }
      for run in runs where run.targets != first.targets {
        throw ComparisonError.targets(
          first: first.folder, second: run.folder,
          problem: "\(first.configuration.task) has the targets \(text(first)) in one and "
            + "\(text(run)) in the other")
      }
    }
  }

  private static func checkTwice(_ entries: [Entry]) throws {
    var seen: [String: Entry] = [:]
    for entry in entries {
      let configuration = entry.run.configuration
      let name = "\(configuration.task) \(entry.variant) seed \(configuration.seed)"
      if let other = seen[name] {
        throw ComparisonError.sameRun(
          first: other.run.folder, second: entry.run.folder, name: name)
      }
      seen[name] = entry
    }
  }

  // MARK: Curves

  /// The interquartile mean over the seeds, at each step at which one of them was evaluated. A run
  /// that ended because it succeeded keeps its last score; the curve ends where the first of the
  /// other runs has its last evaluation.
  private static func curve(of runs: [RunHistory]) -> [CurvePoint] {
    let ends = runs.map { run in
      run.endedBySuccess ? Int.max : run.scores.last?.step ?? 0
    }
    let end = ends.min() ?? 0
    let steps = Set(runs.flatMap { $0.scores.map(\.step) }).filter { $0 <= end }.sorted()
    return steps.compactMap { step in
      let evaluations = runs.compactMap { $0.evaluations.last { $0.step <= step } }
      // The curve begins when every run has been evaluated.
      guard evaluations.count == runs.count else { return nil }
      let scores = evaluations.compactMap { $0.measurements[0].score }
      let aggregate = Aggregate(scores, bootstrap: Bootstrap(repetitions: 2_000))
      return CurvePoint(
        step: step, interquartileMean: aggregate.interquartileMean,
        interval: aggregate.interquartileMeanInterval,
        finalDistance: evaluations.compactMap { $0.measurements[0].finalDistance }.mean)
    }
  }
}

extension Sequence where Element: Hashable {
  /// The elements in order, without repetitions.
  package func uniqued() -> [Element] {
    var seen: Set<Element> = []
    return filter { seen.insert($0).inserted }
  }
}
