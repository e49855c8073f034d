import Environments
import Files
import Foundation
import Learning
import Yams

/// Studies as YAML files.
extension Study {
  private static let keys = [
    "tasks", "map", "robot", "variants", "seeds", "steps", "set", "slurm",
  ]

  /// Reads the study file at `path`. Relative paths of maps and robots in it start from the file's
  /// folder.
  ///
  /// - Throws: ``StudyError`` or ``ConfigurationError``, with the line and the column.
  package init(path: String) throws {
    let text: String
    do throws(FileError) {
      text = try InputFile.text(path: path, limit: ConfigurationLayers.sizeLimit)
    } catch { throw StudyError.file(error) }
    try self.init(yaml: text, source: printable(path), folder: FileError.folder(of: path))
  }

  /// Reads the study that `text` describes.
  ///
  /// - Parameters:
  ///   - source: The name of the text in errors.
  ///   - folder: The folder from which relative paths in the text start.
  package init(yaml text: String, source: String, folder: String = ".") throws {
    let reader = Reader(source: source, folder: folder)
    let root = try ConfigurationLayers.node(of: text, source: source, isValue: false)
    guard case .mapping(let mapping) = root else {
      throw StudyError.invalid(
        source: source, problem: "expected lines such as `tasks:`, `variants:` and `seeds:`")
    }
    var fields: [String: (key: Node, value: Node)] = [:]
    for (key, value) in mapping {
      let name = key.scalar?.string ?? ""
      guard Self.keys.contains(name) else {
        let hint = nearest(to: name, in: Self.keys).map { "did you mean \($0)?" }
        throw StudyError.invalid(
          source: reader.place(key),
          problem: "unknown key \(quoted(name)); "
            + (hint ?? "the keys of a study are \(Self.keys.joined(separator: ", "))"))
      }
      fields[name] = (key, value)
    }
    self.init(world: try reader.world(fields))
    if let (_, node) = fields["variants"] { variants = try reader.variants(node) }
    if let (_, node) = fields["seeds"] { seeds = try reader.seeds(node) }
    if let (_, node) = fields["steps"] { steps = try reader.steps(node) }
    if let (key, node) = fields["set"] { assignments = try reader.assignments(node, of: key) }
    if let (_, node) = fields["slurm"] {
      slurm = try reader.list(node).map { try reader.slurmOption($0) }
    }
  }

  /// Reads the parts of a study from YAML nodes, which know their line and column for errors.
  private struct Reader {
    let source: String
    let folder: String

    func place(_ node: Node) -> String { ConfigurationLayers.place(node, in: source) }

    func invalid(_ node: Node, _ problem: String) -> StudyError {
      .invalid(source: place(node), problem: problem)
    }

    /// The elements of a list; a single value counts as a list of one.
    func list(_ node: Node) throws -> [Node] {
      switch node {
      case .sequence(let sequence): return Array(sequence)
      case .scalar(let scalar) where !scalar.string.isEmpty: return [node]
      case .mapping: return [node]
      default: throw invalid(node, "expected a list, found \(ConfigurationLayers.describe(node))")
      }
    }

    func word(_ node: Node, _ expected: String) throws -> String {
      guard let text = node.scalar?.string, !text.isEmpty, text.utf8.count <= 4_096 else {
        throw invalid(
          node, "expected \(expected), found \(ConfigurationLayers.describe(node))")
      }
      return text
    }

    func world(_ fields: [String: (key: Node, value: Node)]) throws -> World {
      switch (fields["tasks"], fields["map"]) {
      case (let (_, node)?, nil):
        if let (key, _) = fields["robot"] {
          throw invalid(key, "your own robot needs a maze: give `map` instead of `tasks`")
        }
        let nodes = try list(node)
        guard !nodes.isEmpty else { throw invalid(node, "name at least one task") }
        var names: [String] = []
        for node in nodes {
          let name = try word(node, "a task")
          do throws(EnvironmentError) {
            _ = try TaskRegistry.task(named: name)
          } catch { throw invalid(node, "\(error)") }
          guard !names.contains(name) else {
            throw invalid(node, "task \(name) is given twice; remove one")
          }
          names.append(name)
        }
        return .tasks(names)
      case (nil, let (_, map)?):
        return .map(
          path(try word(map, "a map's file")),
          robot: try fields["robot"].map { path(try word($0.value, "a robot's file")) })
      case (_?, let (key, _)?):
        throw invalid(key, "the map is the task; leave out either `tasks` or `map`")
      case (nil, nil):
        throw StudyError.invalid(
          source: source, problem: "no task is given; add a line such as `tasks: [ant-maze]`")
      }
    }

    func path(_ path: String) -> String {
      path.hasPrefix("/") || folder == "." ? path : "\(folder)/\(path)"
    }

    func variants(_ node: Node) throws -> [Variant] {
      var variants: [Variant] = []
      for node in try list(node) {
        let variant: Variant
        switch node {
        case .mapping(let mapping): variant = try self.variant(mapping, node)
        default:
          variant = Variant(preset: try preset(node))
        }
        guard !variants.contains(where: { $0.name == variant.name }) else {
          throw invalid(
            node, "two variants are called \(quoted(variant.name)); give one of them another `name`"
          )
        }
        variants.append(variant)
      }
      guard !variants.isEmpty else { throw invalid(node, "name at least one variant") }
      return variants
    }

    private func variant(_ mapping: Node.Mapping, _ node: Node) throws -> Variant {
      var name: String?
      var variant = Variant.plain
      for (key, value) in mapping {
        switch key.scalar?.string {
        case "name": name = try self.name(value)
        case "preset": variant.preset = try preset(value)
        case "set": variant.assignments = try assignments(value, of: key)
        case let other:
          throw invalid(
            key,
            "unknown key \(quoted(other ?? "")); the keys of a variant are name, preset and set")
        }
      }
      guard let name = name ?? (variant.assignments.isEmpty ? variant.preset : nil) else {
        throw invalid(node, "a variant with its own settings needs a `name`")
      }
      variant.name = name
      return variant
    }

    private func name(_ node: Node) throws -> String {
      let name = try word(node, "a name")
      guard name.allSatisfy(Study.isNameCharacter), name.count <= 100, !name.hasPrefix(".") else {
        throw invalid(
          node, "a variant's name is also its folder's name: use only letters, digits and - _ . +")
      }
      return name
    }

    private func preset(_ node: Node) throws -> String {
      let name = try word(node, "a preset, or a variant with name, preset and set")
      do throws(ConfigurationError) {
        return try Preset.named(name).name
      } catch { throw invalid(node, "\(error)") }
    }

    func seeds(_ node: Node) throws -> [UInt64] {
      var seeds: [UInt64] = []
      for node in try list(node) {
        seeds += try SeedList.seeds(
          in: try word(node, "seeds such as 1-10"), source: place(node))
        try SeedList.check(seeds, source: place(node))
      }
      guard !seeds.isEmpty else { throw invalid(node, "name at least one seed") }
      return seeds
    }

    func steps(_ node: Node) throws -> Int {
      guard let setting = Setting.named("steps"),
        case .integer(let steps) = SettingValue(node, kind: setting.kind)
      else {
        throw invalid(
          node, "steps: expected a whole number, found \(ConfigurationLayers.describe(node))")
      }
      return steps
    }

    func assignments(_ node: Node, of key: Node) throws -> [Assignment] {
      if case .scalar(let scalar) = node, scalar.string.isEmpty { return [] }
      guard case .mapping(let mapping) = node else {
        throw invalid(key, "expected settings as `key: value` lines below it")
      }
      var layers = ConfigurationLayers()
      try layers.apply(mapping.map { $0 }, source: source)
      for (inner, _) in mapping {
        if let name = inner.scalar?.string, Study.ownKeys.contains(name) {
          throw invalid(inner, "\(name) is for the whole study and is not allowed under `set`")
        }
      }
      return layers.assignments
    }

    func slurmOption(_ node: Node) throws -> String {
      let text = try word(node, "an option of sbatch")
      let option = text.replacing(/^#SBATCH\s+/, with: "")
      guard option.hasPrefix("-"), !option.contains(where: \.isNewline) else {
        throw invalid(
          node, "expected an option of sbatch such as --account=me, found \(quoted(text))")
      }
      return option
    }
  }
}

extension Study {
  /// Overrides the study's settings with the options of the command line.
  package mutating func apply(steps: String?, assignments: [String]) throws {
    if let steps {
      var layers = ConfigurationLayers()
      try layers.apply(["steps": steps], source: "--steps")
      self.steps = layers.configuration.steps
    }
    var layers = ConfigurationLayers()
    for assignment in assignments { try layers.apply(assignment: assignment) }
    for assignment in layers.assignments {
      guard !Self.ownKeys.contains(assignment.key) else {
        throw StudyError.invalid(
          source: "--set",
          problem: "\(assignment.key) is for the whole study; use its own option")
      }
      self.assignments.removeAll { $0.key == assignment.key }
      self.assignments.append(assignment)
    }
  }

  /// The study as YAML that ``init(yaml:source:folder:)`` reads back.
  package func yaml(heading: String) -> String {
    var lines = heading.split(separator: "\n").map { "# \($0)" }
    switch world {
    case .tasks(let names): lines.append("tasks: [\(names.joined(separator: ", "))]")
    case .map(let map, let robot):
      lines.append("map: \(Self.quotedYAML(map))")
      if let robot { lines.append("robot: \(Self.quotedYAML(robot))") }
    }
    if variants != [.plain] {
      lines.append("variants:")
      for variant in variants {
        lines.append("  - name: \(variant.name)")
        if let preset = variant.preset { lines.append("    preset: \(preset)") }
        if !variant.assignments.isEmpty {
          lines.append("    set:")
          lines += variant.assignments.map { "      \($0.key): \($0.value)" }
        }
      }
    }
    lines.append("seeds: \(Self.quotedYAML(SeedList.text(seeds)))")
    if let steps { lines.append("steps: \(steps)") }
    if !assignments.isEmpty {
      lines.append("set:")
      lines += assignments.map { "  \($0.key): \($0.value)" }
    }
    if !slurm.isEmpty {
      lines.append("slurm:")
      lines += slurm.map { "  - \(Self.quotedYAML($0))" }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func quotedYAML(_ text: String) -> String {
    "\"\(text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\""))\""
  }
}
