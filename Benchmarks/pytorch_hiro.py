#!/usr/bin/env python3
"""HIRO on Ant Maze in PyTorch: the program with which the training speed of hiro is compared.

    python3 Benchmarks/pytorch_hiro.py models/ant-maze.xml [--threads 2] [--steps 4000] ...
    (needs PyTorch, NumPy and MuJoCo's Python bindings)

This is a complete training program that does the same work as the published configuration (Nachum
et al. 2018 and the authors' code), step by step: one environment step of five mj_step calls; one TD3
update of the lower level with a batch of 100; and, at every tenth step, one TD3 update of the higher
level after off-policy correction with all ten candidates. It really trains, but it has no evaluation,
checkpoints or metrics. It prints one JSON object with the steps per second of a window that begins
after the warm-up.

It is written to be as fast as possible in PyTorch on a CPU: the replay rows are in one table, so a
batch is one gather operation; the correction is computed in one batch, and its first layer is split
into a part for each (transition, step) and a part for each (transition, candidate); the actor
processes single rows without gradients; Adam is fused, and the target updates use foreach operations.
`--products` chooses the library for the matrix products: `mkl` (PyTorch's F.linear on x86) or
`onednn` (the operator that torch.compile emits, wrapped for autograd, with bias and ReLU fused);
`auto` measures both and takes the faster one, because MKL is slow on processors that are not made by
Intel. `--compile` passes the losses through torch.compile.
"""

import argparse
import json
import resource
import time

import mujoco
import numpy as np
import torch
import torch.nn.functional as F

INTERVAL = 10  # c: environment steps for each decision of the higher level
BATCH = 100
HIDDEN = 300
CAPACITY = 200_000
EPISODE_STEPS = 500
FRAME_SKIP = 5
WARM_UP_STEPS = 2_500
CANDIDATES = 8  # random; the achieved change and the original subgoal are added to them
DISCOUNT = 0.99
TAU = 0.005
HIGHER_REWARD_SCALE = 0.1

OBSERVATION, POSITION, TARGET, ACTION = 30, 15, 2, 8
LOWER_INPUT = OBSERVATION + POSITION
HIGHER_INPUT = OBSERVATION + TARGET
TORQUE = np.full(ACTION, 30, np.float32)
SUBGOAL = np.array([10, 10, 0.5, 1, 1, 1, 1] + [0.5, 0.3] * 4, np.float32)


class OneDNNLinear(torch.autograd.Function):
    """relu(x Wᵀ + b), or x Wᵀ + b; oneDNN computes the forward and the backward pass."""

    @staticmethod
    def forward(context, x, weight, bias, relu):
        kind = "relu" if relu else "none"
        y = torch.ops.mkldnn._linear_pointwise(x, weight, bias, kind, [], "")
        context.relu = relu
        context.save_for_backward(x, weight, y if relu else None)
        return y

    @staticmethod
    def backward(context, gradient):
        x, weight, y = context.saved_tensors
        if context.relu:
            gradient = torch.ops.aten.threshold_backward(gradient, y, 0)
        product = torch.ops.mkldnn._linear_pointwise
        needs_x, needs_weight, _, _ = context.needs_input_grad
        # The operator computes A Bᵀ, so the second factor is passed transposed.
        to_x = product(gradient, weight.t(), None, "none", [], "") if needs_x else None
        if not needs_weight:
            return to_x, None, None, None
        to_weight = product(gradient.t(), x.t(), None, "none", [], "")
        return to_x, to_weight, gradient.sum(0), None


def mkl_linear(x, weight, bias, relu):
    y = F.linear(x, weight, bias)
    return y.relu_() if relu else y


def onednn_linear(x, weight, bias, relu):
    # With a single row or column, this is a matrix-vector product. The operator is slow at these.
    if x.shape[0] == 1 or weight.shape[0] == 1:
        return mkl_linear(x, weight, bias, relu)
    return OneDNNLinear.apply(x, weight, bias, relu)


linear = mkl_linear


def make_layer(inputs, outputs, bound=None):
    bound = inputs**-0.5 if bound is None else bound
    weight = torch.empty(outputs, inputs).uniform_(-bound, bound)
    return [weight.requires_grad_(), torch.zeros(outputs, requires_grad=True)]


def make_network(inputs, extra, outputs):
    """Weights and biases of three layers; the first two layers also receive the `extra` inputs."""
    layers = make_layer(inputs + extra, HIDDEN), make_layer(HIDDEN + extra, HIDDEN)
    return [*layers[0], *layers[1], *make_layer(HIDDEN, outputs, 0.003)]


def actor(p, scale, x):
    hidden = linear(linear(x, p[0], p[1], True), p[2], p[3], True)
    return scale * torch.tanh(linear(hidden, p[4], p[5], False))


def critic(p, x, a):
    hidden = linear(torch.cat([x, a], 1), p[0], p[1], True)
    hidden = linear(torch.cat([hidden, a], 1), p[2], p[3], True)
    return linear(hidden, p[4], p[5], False)


def critic_loss(p1, p2, x, a, y):
    return 0.5 * (F.huber_loss(critic(p1, x, a), y) + F.huber_loss(critic(p2, x, a), y))


def actor_loss(p, p1, scale, x):
    return -critic(p1, x, actor(p, scale, x)).mean()


def target_value(pa, p1, p2, scale, reward, discount, x):
    a = actor(pa, scale, x)
    a = a + (0.2 * torch.randn_like(a)).clamp_(-0.5, 0.5)
    return reward + discount * torch.minimum(critic(p1, x, a), critic(p2, x, a))


class TD3:
    """One level: its networks, the target networks, and the update."""

    def __init__(self, inputs, scale):
        self.scale = torch.from_numpy(scale)
        actions = len(scale)
        self.actor = make_network(inputs, 0, actions)
        self.critic1 = make_network(inputs, actions, 1)
        self.critic2 = make_network(inputs, actions, 1)
        self.critics = self.critic1 + self.critic2
        self.learned = self.actor + self.critics
        self.targets = [p.detach().clone() for p in self.learned]
        self.target_actor = self.targets[:6]
        self.target_critic1, self.target_critic2 = self.targets[6:12], self.targets[12:]
        self.actor_adam = torch.optim.Adam(self.actor, 1e-4, fused=True)
        self.critic_adam = torch.optim.Adam(self.critics, 1e-3, fused=True)
        self.frozen_critic1 = [p.detach() for p in self.critic1]
        # Shares memory with the weights: a single row is faster without autograd.
        self.policy = [p.detach() for p in self.actor]
        self.updates = 0
        self.loss = 0.0

    def act(self, x):
        """Returns the action for one input row, as a NumPy vector."""
        with torch.no_grad():
            return actor(self.policy, self.scale, torch.from_numpy(x).unsqueeze(0))[0].numpy()

    def update(self, x, a, reward, discount, x_next):
        with torch.no_grad():
            y = target_value(
                self.target_actor, self.target_critic1, self.target_critic2,
                self.scale, reward, discount, x_next,
            )  # fmt: skip
        loss = critic_loss(self.critic1, self.critic2, x, a, y)
        self.apply(loss, self.critics, self.critic_adam)
        self.loss = loss
        self.updates += 1
        if self.updates % 2 == 0:
            loss = actor_loss(self.actor, self.frozen_critic1, self.scale, x)
            self.apply(loss, self.actor, self.actor_adam)
            with torch.no_grad():
                torch._foreach_lerp_(self.targets, self.learned, TAU)

    @staticmethod
    def apply(loss, parameters, adam):
        for p, gradient in zip(parameters, torch.autograd.grad(loss, parameters)):
            p.grad = gradient
        adam.step()


class Replay:
    """A ring buffer of rows; sampling a batch is one gather operation."""

    def __init__(self, *widths):
        self.rows = torch.zeros(CAPACITY, sum(widths))
        self.array = self.rows.numpy()
        ends = np.cumsum(widths)
        self.columns = [slice(end - width, end) for end, width in zip(ends, widths)]
        self.count = 0

    def append(self, *values):
        row = self.array[self.count % CAPACITY]
        for column, value in zip(self.columns, values):
            row[column] = value
        self.count += 1

    def sample(self):
        indices = torch.randint(min(self.count, CAPACITY), (BATCH,))
        batch = self.rows.index_select(0, indices)
        return [batch[:, column].contiguous() for column in self.columns]


class AntMaze:
    """Ant Maze as in the paper; the observation array is updated in place."""

    def __init__(self, path, generator):
        self.model = mujoco.MjModel.from_xml_path(path)
        self.data = mujoco.MjData(self.model)
        self.qpos, self.qvel, self.ctrl = self.data.qpos, self.data.qvel, self.data.ctrl
        self.generator = generator
        self.observation = np.zeros(OBSERVATION, np.float32)
        self.target = np.zeros(TARGET, np.float32)

    def reset(self):
        mujoco.mj_resetData(self.model, self.data)
        self.qpos += self.generator.uniform(-0.1, 0.1, self.qpos.shape)
        self.qvel[:] = 0.1 * self.generator.standard_normal(self.qvel.shape)
        mujoco.mj_forward(self.model, self.data)
        self.target[:] = self.generator.uniform(-4, 20, TARGET)
        self.time = 0
        self.observe()

    def step(self, action):
        self.ctrl[:] = action
        mujoco.mj_step(self.model, self.data, nstep=FRAME_SKIP)
        self.time += 1
        self.observe()
        return -self.distance()

    def observe(self):
        self.observation[:POSITION] = self.qpos
        self.observation[POSITION:-1] = self.qvel
        self.observation[-1] = 0.001 * self.time

    def distance(self):
        dx, dy = self.target - self.observation[:2]
        return float(np.sqrt(dx * dx + dy * dy))


def correct(lower, states, actions, goal, generator):
    """For each transition, returns the candidate that best explains the stored actions (paper, 3.3).

    states [B, c + 1, 30], actions [B, c, 8], goal [B, 15] -> [B, 15].
    """
    half_range = torch.from_numpy(SUBGOAL)
    positions = states[:, :, :POSITION]
    change = positions[:, -1] - positions[:, 0]
    noise = torch.randn(BATCH, CANDIDATES, POSITION, generator=generator)
    candidates = torch.empty(BATCH, CANDIDATES + 2, POSITION)
    candidates[:, :CANDIDATES] = change.unsqueeze(1) + noise.mul_(0.5 * half_range)
    candidates[:, CANDIDATES] = change
    candidates[:, CANDIDATES + 1] = goal
    candidates.clamp_(-half_range, half_range)

    # The goal at step i is candidate + position 0 - position i. As this is a sum, its product with
    # the weights is also a sum, whose parts are computed separately.
    steps = torch.empty(BATCH, INTERVAL, LOWER_INPUT)
    steps[:, :, :OBSERVATION] = states[:, :-1]
    steps[:, :, :2] = 0
    torch.sub(positions[:, :1], positions[:, :-1], out=steps[:, :, OBSERVATION:])
    w1, b1, w2, b2, w3, b3 = lower.policy
    by_step = linear(steps.view(-1, LOWER_INPUT), w1, b1, False)
    by_candidate = candidates.view(-1, POSITION) @ w1[:, OBSERVATION:].t()
    hidden = by_candidate.view(BATCH, -1, 1, HIDDEN) + by_step.view(BATCH, 1, INTERVAL, HIDDEN)
    hidden = linear(hidden.relu_().view(-1, HIDDEN), w2, b2, True)
    guess = linear(hidden, w3, b3, False).tanh_().mul_(lower.scale)
    error = guess.view(BATCH, -1, INTERVAL, ACTION).sub_(actions.unsqueeze(1)).square_()
    best = error.sum((2, 3)).argmin(1)
    return candidates[torch.arange(BATCH), best]


class HIRO:
    """The two levels and their replay buffers, with the order of operations of the paper."""

    def __init__(self, path, seed):
        torch.manual_seed(seed)
        self.generator = np.random.default_rng(seed)
        self.torch_generator = torch.Generator().manual_seed(seed)
        self.environment = AntMaze(path, self.generator)
        self.lower = TD3(LOWER_INPUT, TORQUE)
        self.higher = TD3(HIGHER_INPUT, SUBGOAL)
        # Input (with x and y set to zero), action, reward, next input.
        self.lower_replay = Replay(LOWER_INPUT, ACTION, 1, LOWER_INPUT)
        # Target, goal, reward, c + 1 states, c actions.
        self.higher_replay = Replay(
            TARGET, POSITION, 1, (INTERVAL + 1) * OBSERVATION, INTERVAL * ACTION
        )
        self.higher_input = np.zeros(HIGHER_INPUT, np.float32)
        self.states = np.zeros((INTERVAL + 1, OBSERVATION), np.float32)
        self.actions = np.zeros((INTERVAL, ACTION), np.float32)
        self.final_distances = []
        self.steps = 0
        self.begin_episode()

    def begin_episode(self):
        self.environment.reset()
        self.decide()

    def decide(self):
        self.higher_input[:OBSERVATION] = self.environment.observation
        self.higher_input[OBSERVATION:] = self.environment.target
        goal = self.higher.act(self.higher_input)
        goal += self.generator.standard_normal(POSITION, np.float32)
        self.goal = self.first_goal = np.clip(goal, -SUBGOAL, SUBGOAL)
        self.reward = 0.0
        self.states[0] = self.environment.observation

    def lower_input(self):
        x = np.concatenate([self.environment.observation, self.goal])
        x[:2] = 0
        return x

    def step(self):
        """Makes one environment step and the updates that follow it."""
        environment = self.environment
        i = environment.time % INTERVAL
        x = self.lower_input()
        position = environment.observation[:POSITION].copy()
        action = self.lower.act(x)
        action += self.generator.standard_normal(ACTION, np.float32)
        np.clip(action, -TORQUE, TORQUE, out=action)
        self.reward += environment.step(action)
        self.steps += 1

        self.goal = position + self.goal - environment.observation[:POSITION]
        intrinsic = -np.sqrt(np.dot(self.goal, self.goal))
        self.actions[i] = action
        self.states[i + 1] = environment.observation
        if i == INTERVAL - 1:
            self.higher_replay.append(
                environment.target, self.first_goal, HIGHER_REWARD_SCALE * self.reward,
                self.states.reshape(-1), self.actions.reshape(-1),
            )  # fmt: skip
            self.decide()
        self.lower_replay.append(x, action, intrinsic, self.lower_input())

        if environment.time == EPISODE_STEPS:
            self.final_distances.append(environment.distance())
            self.begin_episode()
        if self.steps > WARM_UP_STEPS:
            x, a, reward, x_next = self.lower_replay.sample()
            self.lower.update(x, a, reward, DISCOUNT, x_next)
            if i == INTERVAL - 1:
                self.update_higher()

    def update_higher(self):
        target, goal, reward, states, actions = self.higher_replay.sample()
        states = states.view(BATCH, INTERVAL + 1, OBSERVATION)
        with torch.no_grad():
            goal = correct(
                self.lower, states, actions.view(BATCH, INTERVAL, ACTION), goal,
                self.torch_generator,
            )  # fmt: skip
        x = torch.cat([states[:, 0], target], 1)
        x_next = torch.cat([states[:, -1], target], 1)
        self.higher.update(x, goal, reward, DISCOUNT, x_next)


def seconds_of_products(function):
    """Measures a typical forward and backward pass, so that the faster library can be chosen."""
    x = torch.randn(BATCH, HIDDEN)
    layers = [make_layer(HIDDEN, HIDDEN) for _ in range(2)]
    times = []
    for _ in range(60):
        start = time.perf_counter()
        y = x
        for weight, bias in layers:
            y = function(y, weight, bias, True)
        torch.autograd.grad(y.sum(), [p for layer in layers for p in layer])
        times.append(time.perf_counter() - start)
    return sorted(times)[len(times) // 2]


def choose_products(name):
    functions = {"mkl": mkl_linear}
    if torch.backends.mkldnn.is_available():
        functions["onednn"] = onednn_linear
    if name == "auto":
        name = min(functions, key=lambda key: seconds_of_products(functions[key]))
    if name not in functions:
        raise SystemExit(f"pytorch_hiro: this version of PyTorch does not support {name}")
    global linear
    linear = functions[name]
    return name


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("model", help="the MJCF file of Ant Maze: models/ant-maze.xml")
    parser.add_argument("--threads", type=int, default=2, help="threads that PyTorch's operators use")
    parser.add_argument("--steps", type=int, default=4_000, help="number of measured training steps")
    parser.add_argument(
        "--settle", type=int, default=500, help="training steps before these, not measured"
    )
    parser.add_argument("--products", choices=["auto", "mkl", "onednn"], default="auto")
    parser.add_argument("--compile", action="store_true", help="use torch.compile for the losses")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()

    torch.set_num_threads(options.threads)
    products = choose_products(options.products)
    if options.compile:
        global critic_loss, actor_loss, target_value
        critic_loss, actor_loss = torch.compile(critic_loss), torch.compile(actor_loss)
        target_value = torch.compile(target_value)

    hiro = HIRO(options.model, options.seed)
    for _ in range(WARM_UP_STEPS + options.settle):
        hiro.step()
    start = time.perf_counter()
    for _ in range(options.steps):
        hiro.step()
    seconds = time.perf_counter() - start
    result = {
        "steps_per_second": round(options.steps / seconds, 2),
        "steps": options.steps,
        "threads": options.threads,
        "products": products,
        "compiled": options.compile,
        "lower_critic_loss": round(hiro.lower.loss.item(), 4),
        "higher_critic_loss": round(hiro.higher.loss.item(), 4),
        "mean_final_distance": round(float(np.mean(hiro.final_distances[-10:])), 3),
        "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "torch": torch.__version__,
        "mujoco": mujoco.__version__,
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
