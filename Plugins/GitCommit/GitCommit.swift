import Foundation
import PackagePlugin

/// Tells a target from which git commit it is built: generates a source file with the constant
/// `gitCommit` of type `String?`. Its value is the hash of the commit, followed by "+changes" if
/// the sources differ from that commit. It is nil if there is no git repository, for example in an
/// unpacked archive.
@main
struct GitCommit: BuildToolPlugin {
  func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
    let package = context.package.directoryURL
    let output = context.pluginWorkDirectoryURL.appending(path: "GitCommit.swift")
    return [
      .buildCommand(
        displayName: "Recording the git commit", executable: URL(filePath: "/bin/sh"),
        arguments: ["-c", Self.script, "sh", package.filePath, output.filePath],
        // The plugin itself runs only when a file is added or removed. The command runs whenever
        // one of these files has changed: after a commit, a checkout or an edit.
        inputFiles: sources(of: context.package) + reflog(of: package), outputFiles: [output])
    ]
  }

  /// The file is written only if the line has changed, to avoid unnecessary recompilation. If the
  /// package is a subfolder of another git repository, such as an unpacked archive of the package,
  /// that repository is ignored.
  private static let script = """
    cd "$1" || exit
    value=nil
    if [ "$(git rev-parse --show-prefix --is-inside-work-tree 2>/dev/null | xargs)" = true ] &&
      hash=$(git rev-parse --verify --quiet HEAD 2>/dev/null); then
      changes=$(GIT_OPTIONAL_LOCKS=0 git status --porcelain -- Package.swift Plugins Sources)
      value="\\"$hash${changes:++changes}\\""
    fi
    line="let gitCommit: String? = $value"
    [ "$line" = "$(cat "$2" 2>/dev/null)" ] || printf '%s\\n' "$line" >"$2"
    """

  private func sources(of package: Package) -> [URL] {
    let folders = ["Plugins", "Sources"].map { package.directoryURL.appending(path: $0) }
    let files = folders.flatMap { folder in
      FileManager.default.enumerator(at: folder, includingPropertiesForKeys: [.isRegularFileKey])?
        .compactMap { $0 as? URL } ?? []
    }
    return [package.directoryURL.appending(path: "Package.swift")]
      + files.filter {
        (try? $0.resourceValues(forKeys: [.isRegularFileKey]))?.isRegularFile == true
      }
  }

  /// The file in which git records every change of HEAD. The array is empty if there is no such
  /// file, for example because there is no git repository.
  private func reflog(of package: URL) -> [URL] {
    let git = Process()
    let pipe = Pipe()
    git.executableURL = URL(filePath: "/usr/bin/env")
    git.arguments = ["git", "rev-parse", "--git-path", "logs/HEAD"]
    git.currentDirectoryURL = package
    git.standardOutput = pipe
    git.standardError = FileHandle.nullDevice
    guard (try? git.run()) != nil else { return [] }
    let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    git.waitUntilExit()
    let path = output.trimmingCharacters(in: .newlines)
    guard git.terminationStatus == 0, !path.isEmpty else { return [] }
    let file = URL(filePath: path, relativeTo: package).absoluteURL
    return FileManager.default.fileExists(atPath: file.filePath) ? [file] : []
  }
}

extension URL {
  /// The path in the form that the file system uses, without percent encoding.
  fileprivate var filePath: String { path(percentEncoded: false) }
}
