/// Small worlds that the tests share.
package enum Worlds {
  /// A free box with a hinged, driven arm above a plane: 8 positions, 7 velocities, 1 control.
  package static let tumbler = """
    <mujoco model="tumbler">
      <option timestep="0.01" integrator="RK4"/>
      <worldbody>
        <geom name="floor" type="plane" size="5 5 0.1"/>
        <body name="box" pos="0 0 0.6">
          <freejoint name="root"/>
          <geom name="block" type="box" size="0.2 0.2 0.2" mass="2" friction="0.9 0.01 0.002"/>
          <body name="arm" pos="0.2 0 0">
            <joint name="shoulder" axis="0 1 0" limited="true" range="-60 60" damping="0.1"
              armature="0.02"/>
            <geom name="rod" type="capsule" fromto="0 0 0 0.5 0 0" size="0.05" margin="0.01"/>
          </body>
        </body>
      </worldbody>
      <actuator>
        <motor name="drive" joint="shoulder" gear="3" ctrllimited="true" ctrlrange="-2 2"/>
      </actuator>
    </mujoco>
    """

  /// A red ball of radius 0.5 that can slide along x, its centre 1 above a floor at z = 0, under a
  /// light from above.
  package static let ball = """
    <mujoco model="ball">
      <visual><map znear="0.01" zfar="100"/></visual>
      <statistic center="0 0 0" extent="10"/>
      <asset><material name="matt" specular="0" emission="0.5" rgba="0.9 0.05 0.05 1"/></asset>
      <worldbody>
        <light directional="true" pos="0 0 10" dir="0 0 -1" castshadow="true"/>
        <camera name="side" pos="0 -10 1" xyaxes="1 0 0 0 0 1" fovy="30"/>
        <geom name="floor" type="plane" size="4 4 0.1" rgba="0.2 0.4 0.9 1"/>
        <body name="ball" pos="0 0 1">
          <joint name="slide" type="slide" axis="1 0 0"/>
          <geom name="ball" type="sphere" size="0.5" material="matt"/>
        </body>
      </worldbody>
    </mujoco>
    """
}
