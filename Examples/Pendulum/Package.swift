// swift-tools-version: 6.0
import PackageDescription

let package = Package(
  name: "Pendulum",
  // From elsewhere: .package(url: "…/hiro", branch: "main")
  dependencies: [.package(name: "hiro", path: "../..")],
  targets: [
    .target(name: "PendulumWorld"),
    // Only physics: links libmujoco, and no library that draws.
    .executableTarget(
      name: "pendulum",
      dependencies: ["PendulumWorld", .product(name: "MuJoCo", package: "hiro")]),
    .executableTarget(
      name: "pendulum-picture",
      dependencies: [
        "PendulumWorld",
        .product(name: "MuJoCo", package: "hiro"),
        .product(name: "MuJoCoGraphics", package: "hiro"),
      ]),
  ],
  swiftLanguageModes: [.v6]
)
