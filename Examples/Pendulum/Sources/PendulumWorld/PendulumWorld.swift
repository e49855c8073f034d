/// A pendulum as MJCF: a point mass of 1 kg at the end of a massless rod of 1 m, drawn as a ball. A
/// model in a file is loaded with `Model(path:)` instead.
public let pendulumWorld = """
  <mujoco model="pendulum">
    <option timestep="0.001" integrator="RK4"/>
    <visual>
      <headlight ambient="0.5 0.5 0.5"/>
    </visual>
    <asset>
      <texture type="skybox" builtin="gradient" rgb1="0.8 0.88 0.95" rgb2="1 1 1"
        width="64" height="384"/>
    </asset>
    <worldbody>
      <light directional="true" pos="0 0 3" dir="0 0.4 -1"/>
      <camera name="side" pos="0 -3 0.5" xyaxes="1 0 0 0 0 1"/>
      <geom name="floor" type="plane" pos="0 0 -0.4" size="2 2 0.1" rgba="0.75 0.8 0.85 1"/>
      <body name="pendulum" pos="0 0 1">
        <joint name="hinge" axis="0 -1 0"/>
        <inertial pos="0 0 -1" mass="1" diaginertia="1e-6 1e-6 1e-6"/>
        <geom name="rod" type="capsule" fromto="0 0 0 0 0 -1" size="0.015"/>
        <geom name="ball" type="sphere" pos="0 0 -1" size="0.08" rgba="0.9 0.2 0.15 1"/>
        <site name="ball" pos="0 0 -1"/>
      </body>
    </worldbody>
    <sensor>
      <jointpos name="angle" joint="hinge"/>
      <framelinvel name="velocity" objtype="site" objname="ball"/>
    </sensor>
    <keyframe>
      <key name="lifted" qpos="0.1"/>
    </keyframe>
  </mujoco>
  """
