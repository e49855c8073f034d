import MuJoCo

/// Worlds whose results can be computed by hand.
enum Apparatus {
  /// A free ball of 2 kg, radius 0.1, that rests on the floor or falls from where it is put, with
  /// an accelerometer and a touch sensor in its skin.
  static let ball = """
    <mujoco model="resting ball">
      <option timestep="0.002" gravity="0 0 -9.81"/>
      <worldbody>
        <geom name="floor" type="plane" size="5 5 0.1" condim="4" friction="1 0.05 0.001"/>
        <body name="ball" pos="0 0 0.1">
          <freejoint/>
          <geom name="shell" type="sphere" size="0.1" mass="2" condim="4" friction="1 0.05 0.001"/>
          <site name="skin" type="sphere" size="0.12"/>
        </body>
      </worldbody>
      <sensor>
        <clock name="clock"/>
        <accelerometer name="acceleration" site="skin"/>
        <touch name="touch" site="skin" cutoff="500"/>
        <framequat name="attitude" objtype="body" objname="ball"/>
      </sensor>
    </mujoco>
    """

  /// A rod of 0.7 m that swings about the y axis at a height of 1 m, a thread from its tip to a peg
  /// at x = 1, a motor with a first-order filter of 0.1 s and one without, and two poses.
  static let pendulum = """
    <mujoco model="pendulum">
      <option timestep="0.001" integrator="RK4" gravity="0 0 -9.81"/>
      <worldbody>
        <site name="peg" pos="1 0 1"/>
        <body name="rod" pos="0 0 1">
          <joint name="swing" axis="0 1 0"/>
          <geom name="bob" type="sphere" size="0.05" pos="0 0 -0.7" mass="1.5"/>
          <site name="tip" type="box" size="0.01 0.02 0.03" pos="0 0 -0.7"/>
        </body>
      </worldbody>
      <tendon>
        <spatial name="thread" limited="true" range="0 3"><site site="tip"/><site site="peg"/></spatial>
        <fixed name="doubled"><joint joint="swing" coef="2"/></fixed>
      </tendon>
      <actuator>
        <motor name="direct" joint="swing"/>
        <general name="filtered" joint="swing" dyntype="filter" dynprm="0.1" gainprm="0"/>
      </actuator>
      <sensor>
        <framepos name="tip" objtype="site" objname="tip"/>
        <jointvel name="speed" joint="swing"/>
      </sensor>
      <keyframe>
        <key name="level" time="2" qpos="-1.5707963267948966" ctrl="0.5 0"/>
        <key name="swinging" qpos="0.4" qvel="1.2" act="0.3"/>
      </keyframe>
    </mujoco>
    """

  static func makeBall() throws -> Simulation {
    try Simulation(model: Model(xml: ball, name: "ball"))
  }

  static func makePendulum() throws -> Simulation {
    try Simulation(model: Model(xml: pendulum, name: "pendulum"))
  }
}
