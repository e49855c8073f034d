// swift-tools-version: 6.0
import Foundation
import PackageDescription

/// The pkg-config file of the libmujoco to use, or nil for the system's own. HIRO_MUJOCO chooses
/// it: unset or `2.2.2` for the system's own; `3.3` or `4.0` for the version that `scripts/setup`
/// downloaded with the same setting; or the path of any other pkg-config file.
let mujoco: String? = Context.environment["HIRO_MUJOCO"].flatMap { setting in
  if ["", "2.2.2"].contains(setting) { return nil }
  let file =
    setting.contains("/") ? setting : "\(Context.packageDirectory)/.mujoco/\(setting)/mujoco.pc"
  guard FileManager.default.fileExists(atPath: file) else {
    print("HIRO_MUJOCO=\(setting): there is no \(file); run: HIRO_MUJOCO=\(setting) scripts/setup")
    exit(78)
  }
  return file
}

let package = Package(
  name: "hiro",
  products: [
    // Includes CMuJoCo, which gives access to MuJoCo's own functions: see
    // Simulation.withUnsafePointers.
    .library(name: "MuJoCo", targets: ["CMuJoCo", "MuJoCo"]),
    .library(name: "MuJoCoGraphics", targets: ["Imaging", "MuJoCoGraphics"]),
    .library(name: "Environments", targets: ["Environments", "Randomness"]),
    .library(name: "Learning", targets: ["Learning", "NeuralNetworks", "Parallel", "Randomness"]),
    .library(name: "Experiments", targets: ["Experiments", "Files", "Safetensors"]),
    .executable(name: "hiro", targets: ["hiro"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.0.0"),
  ],
  targets: [
    // C modules for the system libraries.
    .systemLibrary(
      name: "CLibMuJoCo", pkgConfig: mujoco, providers: [.apt(["libmujoco-dev"])]),
    .target(
      name: "CMuJoCo", dependencies: ["CLibMuJoCo"],
      // The pkg-config file of a chosen libmujoco links the library by its full file name, which
      // contains the version. With this short name, the linker would find the system's library
      // first.
      linkerSettings: mujoco == nil ? [.linkedLibrary("mujoco")] : []),
    // Reads XML with the same library as MuJoCo.
    .target(name: "CXML", linkerSettings: [.linkedLibrary("tinyxml2")]),
    .systemLibrary(name: "CEGL", pkgConfig: "egl", providers: [.apt(["libegl-dev"])]),
    .systemLibrary(name: "CGLFW", pkgConfig: "glfw3", providers: [.apt(["libglfw3-dev"])]),
    .systemLibrary(name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .target(
      name: "CKernels",
      linkerSettings: [.linkedLibrary("dnnl"), .linkedLibrary("m")]),

    .target(name: "Randomness"),
    .target(name: "Parallel", dependencies: ["CKernels"]),
    .target(name: "Files"),
    .target(name: "Safetensors", dependencies: ["Files"]),

    // The physics, and separately the drawing: only the drawing needs graphics libraries.
    .target(name: "Imaging", dependencies: ["CPNG"]),
    .target(name: "MuJoCo", dependencies: ["CMuJoCo", "CXML"]),
    .target(
      name: "MuJoCoGraphics", dependencies: ["CEGL", "CGLFW", "CMuJoCo", "Imaging", "MuJoCo"]),

    // Learning. It does not depend on MuJoCo.
    .target(name: "NeuralNetworks", dependencies: ["CKernels", "Randomness"]),
    .target(
      name: "Learning",
      dependencies: ["CKernels", "Files", "NeuralNetworks", "Parallel", "Randomness"]),

    // The environments: robots, and the worlds in which they learn.
    .target(
      name: "Environments", dependencies: ["Files", "Learning", "MuJoCo", "Randomness"],
      resources: [.embedInCode("Robots/Models")]),

    // Experiments, and the command-line program.
    .target(
      name: "Experiments",
      dependencies: [
        "CZlib", "Environments", "Files", "Imaging", "Learning", "MuJoCo", "MuJoCoGraphics",
        "NeuralNetworks", "Parallel", "Randomness", "Safetensors", "Yams",
      ],
      resources: [.embedInCode("Presets")],
      plugins: ["GitCommit"]),
    .plugin(name: "GitCommit", capability: .buildTool()),
    .executableTarget(
      name: "hiro",
      dependencies: [
        "Experiments",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),

    .testTarget(name: "RandomnessTests", dependencies: ["Randomness"]),
    .testTarget(name: "ImagingTests", dependencies: ["Imaging", "TestSupport"]),
    .testTarget(name: "MuJoCoTests", dependencies: ["CMuJoCo", "MuJoCo", "TestSupport"]),
    .testTarget(
      name: "MuJoCoGraphicsTests",
      dependencies: ["Imaging", "MuJoCo", "MuJoCoGraphics", "TestSupport"]),
    .testTarget(
      name: "EnvironmentsTests",
      dependencies: ["Environments", "Learning", "MuJoCo", "Randomness", "TestSupport"],
      resources: [.copy("Fixtures")]),
    .testTarget(name: "NeuralNetworksTests", dependencies: ["CKernels", "NeuralNetworks"]),
    .testTarget(
      name: "LearningTests", dependencies: ["Learning", "Parallel"], resources: [.copy("Fixtures")]),
    .testTarget(
      name: "ExperimentsTests",
      dependencies: [
        "Environments", "Experiments", "Files", "Fuzzing", "MuJoCoGraphics", "Parallel",
        "Safetensors", "TestSupport",
      ],
      exclude: ["Fixtures"]),
    .testTarget(
      name: "hiroTests",
      dependencies: ["Environments", "Experiments", "MuJoCo", "TestSupport", "hiro"]),

    .target(name: "TestSupport", path: "Tests/TestSupport"),

    // Gives damaged files to every reader: briefly in the tests, for longer in scripts/fuzz.
    .target(
      name: "Fuzzing",
      dependencies: [
        "Environments", "Experiments", "Files", "Learning", "MuJoCo", "NeuralNetworks", "Parallel",
        "Randomness", "Safetensors", "TestSupport",
      ],
      path: "Tests/Fuzzing"),
    .executableTarget(name: "fuzz", dependencies: ["Fuzzing"], path: "Tests/Fuzz"),

    // Repeats what a long run does, and measures how much its memory grows: scripts/memory.
    .executableTarget(
      name: "memory",
      dependencies: [
        "Environments", "Experiments", "Learning", "MuJoCo", "MuJoCoGraphics", "Parallel",
        "Randomness",
      ],
      path: "Tests/Memory"),
  ],
  swiftLanguageModes: [.v6]
)

// Turn on now what a later language mode will require: `any` before the name of a protocol, and an
// import of every module whose members a file uses.
for target in package.targets where [.regular, .executable, .test].contains(target.type) {
  target.swiftSettings = [
    .enableUpcomingFeature("ExistentialAny"), .enableUpcomingFeature("MemberImportVisibility"),
  ]
}
