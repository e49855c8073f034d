import Environments
import Experiments
import Foundation
import Learning
import TestSupport
import Testing

@Suite("Installed by scripts/install, in the real shells", .timeLimit(.minutes(5)), .serialized)
struct ShellTests {
  /// The folder of the installation, made once for all tests and kept until the process exits; nil
  /// if the generator of the manual pages has not been built (`scripts/test` builds it).
  static let prefix: TemporaryFolder? = {
    let build = URL(fileURLWithPath: Program.path).deletingLastPathComponent().path
    let package = URL(fileURLWithPath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path
    guard access("\(build)/generate-manual", X_OK) == 0,
      let folder = try? TemporaryFolder.untilExit(),
      let outcome = try? Program.script(
        "exec '\(package)/scripts/install' '\(folder.path)'", environment: ["HIRO_BUILD": build]),
      outcome.code == 0
    else { return nil }
    return folder
  }()

  static func has(_ program: String) -> Bool {
    prefix != nil && (try? Program.script("command -v \(program)").code) == 0
  }

  static let path = [
    "PATH": "\(prefix?.path ?? "")/bin:\(ProcessInfo.processInfo.environment["PATH"] ?? "")"
  ]

  /// The text that is typed before the Tab key, and the texts that must then be shown.
  static let lines: [(typed: String, shown: [String])] = [
    ("hiro tr", ["hiro train"]),
    ("hiro train --thr", ["--threads"]),
    ("hiro train ant-", TaskRegistry.all.map(\.name).filter { $0.hasPrefix("ant-") }),
    ("hiro simulate point", ["point-maze"]),
    ("hiro evaluate p --task ant-g", ["ant-gather"]),
    ("hiro train ant-maze --preset mean", ["mean-correction"]),
    ("hiro list maps corr", ["corridor"]),
    ("hiro list presets hind", ["hindsight"]),
    ("hiro list sett", ["settings"]),
    ("hiro train ant-maze --set lower.disc", ["lower.discount="]),
    ("hiro train ant-maze --set seed=1 --set hierar", ["hierarchy="]),
    ("hiro render p --camera fol", ["following"]),
  ]

  /// Types into a shell on a terminal and checks the completions that the Tab key gives.
  func check(
    _ shell: PseudoTerminal, _ more: [(typed: String, shown: [String])] = []
  ) {
    shell.type("PS1='ready'\\> \n")
    #expect(shell.wait(for: "ready>"), "\(shell.text)")
    for (typed, shown) in Self.lines + more {
      let before = shell.text.count
      shell.type(typed + "\t\t")
      let end = Date().addingTimeInterval(15)
      func isShown() -> Bool {
        let text = shell.text.dropFirst(before).filter { $0 != "\u{7}" }
        return shown.allSatisfy(text.contains)
      }
      while !isShown(), Date() < end { usleep(50_000) }
      #expect(isShown(), "\(typed): \(shell.text.dropFirst(before))")
      shell.type("\u{15}")
      usleep(200_000)
    }
    shell.hangUp()
  }

  @Test("bash", .enabled(if: has("bash")))
  func bash() throws {
    let prefix = try #require(Self.prefix).path
    let shell = try PseudoTerminal(
      "/bin/bash", ["--norc", "--noprofile", "-i"],
      environment: Self.path.merging(["TERM": "dumb"]) { $1 })
    shell.type("source '\(prefix)/share/bash-completion/completions/hiro'\n")
    check(shell, [("hiro train ant-maze --set hierarchy=f", ["hierarchy=flat"])])
  }

  @Test("zsh", .enabled(if: has("zsh")))
  func zsh() throws {
    let prefix = try #require(Self.prefix).path
    let zsh = try Program.script("command -v zsh").output.trimmingCharacters(in: .newlines)
    let shell = try PseudoTerminal(
      zsh, ["-f", "-i"], environment: Self.path.merging(["TERM": "dumb"]) { $1 })
    shell.type("fpath+=('\(prefix)/share/zsh/site-functions')\n")
    shell.type("autoload -Uz compinit; compinit -u -d '\(prefix)/zcompdump'\n")
    check(shell, [("hiro train ant-maze --set hierarchy=f", ["hierarchy=flat"])])
  }

  @Test("fish", .enabled(if: has("fish")))
  func fish() throws {
    let prefix = try #require(Self.prefix).path
    for (typed, shown) in Self.lines + [("hiro train --set hierarchy=f", ["hierarchy=flat"])] {
      // Fish finds installed completions by itself, and can print what it would offer.
      let outcome = try Program.script(
        "fish -c \"complete -C '\(typed)'\"",
        environment: Self.path.merging(["XDG_DATA_HOME": "\(prefix)/share"]) { $1 })
      #expect(outcome.code == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
      for word in shown {
        let expected = word.split(separator: " ").last ?? ""
        #expect(outcome.output.contains(expected), "\(typed): \(outcome.output)")
      }
    }
  }

  @Test("Manual pages of the program and of every command", .enabled(if: has("man")))
  func manual() throws {
    let prefix = try #require(Self.prefix).path
    let commands = ["train", "evaluate", "render", "simulate", "list", "inspect", "bench", "view"]
    for name in [""] + commands {
      let outcome = try Program.script(
        "man hiro \(name)", environment: ["MANPATH": "\(prefix)/share/man", "MANPAGER": "cat"])
      #expect(outcome.code == 0, "\(name): \(outcome.errors)")
      let text = outcome.output.replacing(#/.\u{8}/#, with: "")
      #expect(text.contains("NAME") && text.contains("DESCRIPTION"), "\(text)")
      #expect(text.contains("hiro \(name.isEmpty ? "train" : name)"), "\(text)")
    }
    let train = try Program.script(
      "man hiro-train", environment: ["MANPATH": "\(prefix)/share/man", "MANPAGER": "cat"])
    #expect(train.output.replacing(#/.\u{8}/#, with: "").contains("--set key=value"))
  }
}
