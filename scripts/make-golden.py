#!/usr/bin/env python3
"""Writes the reference trajectory of Ant Maze for a version of MuJoCo, with its own Python package.

    scripts/make-golden.py 3.3.7 4.0.1

The start and the torques are those of the reference for 2.2.2,
Tests/EnvironmentsTests/Fixtures/ant_maze.json. The states after each step are written to
ant_maze-VERSION.json in the same folder, with all digits. If hiro is linked to that version, GoldenTests
expects exactly the same bits from hiro. Each version is installed with pip under .build/golden; the
script runs no code of hiro.
"""

import json
import pathlib
import subprocess
import sys
import venv

ROOT = pathlib.Path(__file__).resolve().parent.parent
FIXTURES = ROOT / "Tests" / "EnvironmentsTests" / "Fixtures"
MODEL = ROOT / "models" / "ant-maze.xml"


def interpreter(version):
    """Returns a Python interpreter with this version of MuJoCo; installs it if necessary."""
    folder = ROOT / ".build" / "golden" / version
    python = folder / "bin" / "python"
    check = [python, "-c", "import mujoco"]
    if not python.exists() or subprocess.run(check, stderr=subprocess.DEVNULL).returncode != 0:
        venv.create(folder, with_pip=True)
        package = "mujoco" if int(version.split(".")[0]) < 4 else "mujoco-core"
        subprocess.run([python, "-m", "pip", "install", "-q", f"{package}=={version}"], check=True)
    return python


def replay(version):
    """Replays the torques and writes the states. This function runs in the interpreter above."""
    import mujoco

    if mujoco.__version__ != version or mujoco.mj_versionString() != version:
        sys.exit(f"make-golden: this Python has MuJoCo {mujoco.__version__}, not {version}")
    trace = json.loads((FIXTURES / "ant_maze.json").read_text())
    model = mujoco.MjModel.from_xml_path(str(MODEL))
    data = mujoco.MjData(model)
    data.qpos[:], data.qvel[:] = trace["initial_qpos"], trace["initial_qvel"]
    mujoco.mj_forward(model, data)
    lines = []
    for step in trace["steps"]:
        data.ctrl[:] = step["ctrl"]
        for _ in range(trace["frame_skip"]):
            mujoco.mj_step(model, data)
        state = {"ctrl": step["ctrl"], "qpos": data.qpos.tolist(), "qvel": data.qvel.tolist()}
        lines.append(json.dumps(state, separators=(",", ":")))
    del trace["steps"]
    trace["mujoco"] = version
    head = json.dumps(trace, separators=(",", ":"))[:-1]
    path = FIXTURES / f"ant_maze-{version}.json"
    path.write_text(head + ',\n"steps":[\n' + ",\n".join(lines) + "\n]}\n")
    print(f"{path.relative_to(ROOT)}: {len(lines)} steps")


def main():
    match sys.argv[1:]:
        case ["--here", version]:
            replay(version)
        case [] | ["-h" | "--help"]:
            print(__doc__)
        case versions:
            for version in versions:
                subprocess.run([interpreter(version), __file__, "--here", version], check=True)


if __name__ == "__main__":
    main()
