import CMuJoCo
import MuJoCo
import Testing

@Suite("Deformable bodies")
struct FlexTests {
  @Test(
    "For a picture a cloth is where its bodies are, not at the origin",
    // Older versions have no deformable bodies.
    .enabled(if: Model.libraryVersion >= 300))
  func cloth() throws {
    // A cloth of 0.8 m by 0.8 m that touches the floor.
    let xml = """
      <mujoco>
        <worldbody>
          <geom name="floor" type="plane" size="5 5 0.1"/>
          <body name="frame" pos="0 0 0.005">
            <flexcomp name="cloth" type="grid" dim="2" count="5 5 1" spacing="0.2 0.2 0.2"
              radius="0.01" mass="1"/>
          </body>
        </worldbody>
      </mujoco>
      """
    let simulation = try Simulation(model: Model(xml: xml, name: "cloth"))
    let (model, data) = (simulation.model.pointer, simulation.data)
    #expect(cmj_updatePose(model, data) == CMJ_OK)
    // The contacts with the floor are where the vertices are.
    mj_collision(model, data)
    let places = simulation.contacts.map(\.position.x)
    #expect((places.min() ?? 0) < -0.39 && (places.max() ?? 0) > 0.39, "\(places)")
  }
}
