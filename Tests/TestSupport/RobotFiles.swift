/// Robots for the tests, written the way users write theirs.
package enum RobotFiles {
  /// A sphere on three legs, which motors turn; it is 0.5 m high.
  ///
  /// - Parameters:
  ///   - defaults: what stands in `<default>`.
  ///   - geom: attributes of every geom.
  ///   - gear: the gear of the motor of the first leg.
  ///   - before: what stands before the body.
  ///   - after: what stands after the actuators.
  package static func tripod(
    defaults: String = "<geom density=\"5\"/>", geom: String = "", gear: Double = 1,
    range: String = "-10 10", before: String = "", after: String = ""
  ) -> String {
    let legs = [("left", "0 0.5 -0.3"), ("right", "0 -0.5 -0.3"), ("front", "0.5 0 -0.3")]
    return """
      <mujoco model="tripod">
        <option timestep="0.02" integrator="RK4"/>
        <default>\(defaults)</default>
        \(before)
        <worldbody>
          <body name="trunk" pos="0 0 0.5">
            <freejoint name="root"/>
            <geom name="trunk" type="sphere" size="0.2" \(geom)/>
            \(legs.map { name, end in
              """
              <body name="\(name)">
                <joint name="\(name)" type="hinge" axis="1 0 0" range="-40 40" limited="true"
                  armature="1" damping="1"/>
                <geom name="\(name)" type="capsule" fromto="0 0 0 \(end)" size="0.07" \(geom)/>
              </body>
              """
            }.joined(separator: "\n"))
          </body>
        </worldbody>
        <actuator>
          \(legs.enumerated().map { index, leg in
            "<motor name=\"\(leg.0)\" joint=\"\(leg.0)\" ctrllimited=\"true\" "
              + "ctrlrange=\"\(range)\" gear=\"\(index == 0 ? gear : 1)\"/>"
          }.joined(separator: "\n"))
        </actuator>
        \(after)
      </mujoco>
      """
  }

  /// A lane with a block in it.
  package static let map = """
    name: lane
    cell: 4

    #####
    #R.a#
    #.X.#
    #####
    """

  /// A box as a Wavefront mesh, from the origin to the corner (x, y, z).
  package static func box(_ x: Double, _ y: Double, _ z: Double) -> String {
    let corners = (0..<8).map {
      "v \($0 & 1 == 0 ? 0 : x) \($0 & 2 == 0 ? 0 : y) \($0 & 4 == 0 ? 0 : z)"
    }
    let faces = [
      "1 3 4", "1 4 2", "5 6 8", "5 8 7", "1 2 6", "1 6 5", "3 7 8", "3 8 4", "1 5 7", "1 7 3",
      "2 4 8", "2 8 6",
    ]
    return (corners + faces.map { "f \($0)" }).joined(separator: "\n") + "\n"
  }

  /// Writes a robot of several files to `folder`, with the main file `robots/scout.xml`: legs in an
  /// included file of a subfolder, meshes of the same name in two folders, one of them without a
  /// name of its own, and defaults with a class. Returns the main file's path.
  package static func scout(in folder: TemporaryFolder, gear: Double = 2) throws -> String {
    try folder.folder("robots/parts/front")
    try folder.folder("robots/parts/back")
    try folder.file("robots/parts/front/foot.obj", box(0.3, 0.1, 0.1))
    try folder.file("robots/parts/back/foot.obj", box(0.2, 0.2, 0.1))
    try folder.file(
      "robots/parts/legs.xml",
      """
      <mujocoinclude>
        <body name="front" pos="0.2 0 0">
          <joint name="front" axis="0 1 0" range="-40 40"/>
          <geom type="mesh" mesh="foot" pos="0.1 0 -0.3"/>
        </body>
        <body name="back" pos="-0.2 0 0" childclass="weak">
          <joint name="back" axis="0 1 0" range="-40 40"/>
          <geom type="mesh" mesh="heel" pos="-0.3 0 -0.3"/>
        </body>
      </mujocoinclude>
      """)
    return try folder.file(
      "robots/scout.xml",
      """
      <?xml version="1.0"?>
      <mujoco model="scout">
        <compiler angle="degree" meshdir="parts"/>
        <option timestep="0.02"/>
        <default>
          <joint type="hinge" limited="true" damping="1" armature="1"/>
          <geom density="50"/>
          <motor ctrllimited="true" ctrlrange="-5 5"/>
          <default class="weak"><joint damping="3"/></default>
        </default>
        <asset>
          <mesh file="front/foot.obj"/>
          <mesh name="heel" file="back/foot.obj"/>
        </asset>
        <worldbody>
          <body name="hull" pos="0 0 0.6">
            <freejoint/>
            <geom name="hull" type="sphere" size="0.25"/>
            <include file="parts/legs.xml"/>
          </body>
        </worldbody>
        <actuator>
          <motor name="front" joint="front" gear="\(gear)"/>
          <motor name="back" joint="back"/>
        </actuator>
      </mujoco>
      """)
  }
}
