// swift-tools-version: 6.0
import PackageDescription

let package = Package(
  name: "OwnRobot",
  // From elsewhere: .package(url: "…/hiro", branch: "main")
  dependencies: [.package(name: "hiro", path: "../..")],
  targets: [
    .executableTarget(
      name: "own-robot",
      dependencies: [
        .product(name: "Environments", package: "hiro"),
        .product(name: "Experiments", package: "hiro"),
        .product(name: "Learning", package: "hiro"),
      ],
      resources: [.copy("bend.txt"), .copy("hovercraft.xml")])
  ],
  swiftLanguageModes: [.v6]
)
