// swift-tools-version: 6.0
import PackageDescription

let package = Package(
  name: "PointMass",
  // From elsewhere: .package(url: "…/hiro", branch: "main")
  dependencies: [.package(name: "hiro", path: "../..")],
  targets: [
    .executableTarget(
      name: "point-mass",
      dependencies: [
        .product(name: "Learning", package: "hiro"),
        .product(name: "Experiments", package: "hiro"),
      ])
  ],
  swiftLanguageModes: [.v6]
)
