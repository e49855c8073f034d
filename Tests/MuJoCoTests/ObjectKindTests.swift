import MuJoCo
import Testing

@Suite struct ObjectKindTests {
  /// A model with one object of each kind that can be written in a line, each with its own name.
  static let one = """
    <mujoco>
      <custom>
        <numeric name="a_numeric" data="1 2"/>
        <text name="a_text" data="word"/>
        <tuple name="a_tuple"><element objtype="body" objname="a_body"/></tuple>
      </custom>
      <asset>
        <mesh name="a_mesh" vertex="0 0 0 1 0 0 0 1 0 0 0 1"/>
        <hfield name="a_hfield" nrow="2" ncol="2" size="1 1 1 1"/>
        <texture name="a_texture" type="2d" builtin="flat" width="2" height="2"/>
        <material name="a_material" texture="a_texture"/>
      </asset>
      <worldbody>
        <geom name="other_geom" size="0.1"/>
        <light name="a_light"/>
        <camera name="a_camera"/>
        <body name="other_body" pos="0 0 2"><geom size="0.1"/></body>
        <body name="a_body" pos="0 0 1">
          <joint name="a_joint"/>
          <geom name="a_geom" size="0.1"/>
          <site name="a_site"/>
        </body>
      </worldbody>
      <contact>
        <pair name="a_pair" geom1="a_geom" geom2="other_geom"/>
        <exclude name="a_exclude" body1="a_body" body2="other_body"/>
      </contact>
      <equality><joint name="a_equality" joint1="a_joint"/></equality>
      <tendon><fixed name="a_tendon"><joint joint="a_joint" coef="1"/></fixed></tendon>
      <actuator><motor name="a_actuator" joint="a_joint"/></actuator>
      <sensor><jointpos name="a_sensor" joint="a_joint"/></sensor>
      <keyframe><key name="a_key" qpos="0"/></keyframe>
    </mujoco>
    """

  @Test("Each kind of object is found by its name, and its name by its number")
  func names() throws {
    let model = try Model(xml: Self.one, name: "one")
    // A skin and a flex need more than a line.
    for kind in Model.ObjectKind.allCases where kind != .skin && kind != .flex {
      let name = "a_\(kind.rawValue)"
      let id = try model.id(of: kind, named: name)
      #expect(model.name(of: kind, id) == name, "\(kind)")
      #expect(model.names(of: kind)[id] == name, "\(kind)")
      let others = [Model.ObjectKind.body: 2, .geom: 2][kind] ?? 0
      #expect(model.count(of: kind) == 1 + others, "\(kind)")
    }
    #expect(model.names(of: .geom) == ["other_geom", nil, "a_geom"])
    #expect(model.names(of: .skin) == [] && model.names(of: .flex) == [])
    #expect(throws: MuJoCoError.self) { try model.id(of: .flex, named: "a_flex") }
    #expect(model.name(of: .sensor, 1) == nil && model.name(of: .sensor, -1) == nil)
  }
}
