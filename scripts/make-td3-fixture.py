#!/usr/bin/env python3
"""Writes Tests/LearningTests/Fixtures/td3.json: TD3 updates as PyTorch computes them.

    python3 scripts/make-td3-fixture.py        (needs PyTorch and NumPy)

There are four small agents. Two have the structure of HIRO's two levels, with the published settings.
The other two, one for each level, have settings that the recipe and other options change in TD3. Each
agent gets weights, ten batches and the noise of the target policy. The file contains the inputs and
the expected results. All inputs are 32-bit floats. The expected results are computed from them in
double precision, so that they do not depend on the order of summation. The script also computes
everything in single precision and prints the difference from the file: a test must not use a tolerance
below this difference.

The update, as in Nachum et al. 2018 and the training code that the authors published:

1. target action  a' = target actor(x') + clip(noise, -0.5, 0.5), not clipped to the action range
2. target value   y = r + discount * min(target critic 1, target critic 2)(x', a')
3. critic loss    the mean of Huber(Q_k(x, a) - y), delta 1, over both critics and the batch (2 B
                  numbers); one Adam step on both critics
4. at updates 2, 4, ...   actor loss = -mean of Q_1(x, actor(x)), with the critics after step 3; one
                  Adam step on the actor; then w' <- w' + tau (w - w') for all three target networks

    actor(x)      = scale * tanh(W3 relu(W2 relu(W1 x + b1) + b2) + b3)
    critic(x, a)  = W3 relu(W2 [relu(W1 [x; a] + b1); a] + b2) + b3

A case can have these differences:

- the clipped noise is multiplied by the limits of the action
- the mean of the target critics is used instead of their minimum
- outputPenalty * mean of the sum of u^2 is added to the actor loss, where u are the outputs of the
  actor before the tanh
- after each step of the actor, average <- average + averagingRate (actor - average); the average
  starts as a copy of the actor
- the critics get actions divided by their limits
- layer normalisation without weights is applied to the hidden layers of the critics, before the ReLU

Adam is as in PyTorch: bias-corrected moments; epsilon is added outside the square root.

Format (JSON; a tensor is {"shape": [...], "values": [row-major]}; 9 significant digits):

    settings         actorLearningRate, criticLearningRate, adamBeta1, adamBeta2, adamEpsilon,
                     targetNoiseClip, policyDelay, targetUpdateRate, huberDelta
    cases[]          one for each agent
      name           "lower", "higher", "recipe" or "critics"
      noiseUnits     "absolute" or "limits"
      targetValue    "minimum" or "mean"
      outputPenalty, averagingRate
      criticActions  "absolute" or "limits"
      criticNormalisation  "none" or "layer"
      inputCount, actionCount, hiddenUnits, batchSize
      actionScale    [actionCount]
      weights        name -> tensor before the first update: NET.layerN.weight [out, in] and
                     NET.layerN.bias [out] for N = 1, 2, 3 and NET = actor, critic1, critic2,
                     target.actor, target.critic1, target.critic2 ("expected" also has
                     average.actor if averagingRate is not 0)
      batches[10]    input [B, inputCount], action [B, actionCount], reward [B], discount [B],
                     nextInput [B, inputCount], noise [B, actionCount] (N(0, 0.2) before clipping)
      criticLosses   [10], each before the update that it causes
      actorLosses    [10], null if the actor is not updated
      expected       {"1": name -> tensor, "10": name -> tensor} after that many updates
"""

import copy
import json
import pathlib

import numpy as np
import torch

SETTINGS = {
    "actorLearningRate": 1e-4,
    "criticLearningRate": 1e-3,
    "adamBeta1": 0.9,
    "adamBeta2": 0.999,
    "adamEpsilon": 1e-8,
    "targetNoiseClip": 0.5,
    "policyDelay": 2,
    "targetUpdateRate": 0.005,
    "huberDelta": 1.0,
}
UPDATES = 10
SNAPSHOTS = (1, 10)
BATCH = 8
HIDDEN = 16
# The observation has 7 numbers. The input of a lower level also has a subgoal of 3 numbers, that of a
# higher level a target of 2 numbers.
LEVELS = [
    {"name": "lower", "inputs": 10, "scale": [30.0, 30.0, 30.0, 30.0], "seed": 1},
    {"name": "higher", "inputs": 9, "scale": [10.0, 10.0, 0.5], "seed": 2},
    {
        "name": "recipe",
        "inputs": 9,
        "scale": [10.0, 5.0],
        "seed": 3,
        "noiseUnits": "limits",
        "targetValue": "mean",
        "outputPenalty": 2.0,
        "averagingRate": 0.25,
    },
    {
        "name": "critics",
        "inputs": 10,
        "scale": [30.0, 30.0, 2.0],
        "seed": 4,
        "noiseUnits": "limits",
        "criticActions": "limits",
        "criticNormalisation": "layer",
    },
]
# The published TD3.
PUBLISHED = {
    "noiseUnits": "absolute",
    "targetValue": "minimum",
    "outputPenalty": 0.0,
    "averagingRate": 0.0,
    "criticActions": "absolute",
    "criticNormalisation": "none",
}
FIXTURE = pathlib.Path(__file__).parent.parent / "Tests/LearningTests/Fixtures/td3.json"


class Actor(torch.nn.Module):
    def __init__(self, inputs, actions, scale):
        super().__init__()
        self.layer1 = torch.nn.Linear(inputs, HIDDEN)
        self.layer2 = torch.nn.Linear(HIDDEN, HIDDEN)
        self.layer3 = torch.nn.Linear(HIDDEN, actions)
        self.register_buffer("scale", torch.tensor(scale), persistent=False)

    def unbounded(self, x):
        return self.layer3(self.layer2(self.layer1(x).relu()).relu())

    def forward(self, x):
        return self.scale * self.unbounded(x).tanh()


class Critic(torch.nn.Module):
    def __init__(self, inputs, scale, options):
        super().__init__()
        actions = len(scale)
        unit = scale if options["criticActions"] == "limits" else [1.0] * actions
        self.register_buffer("unit", torch.tensor(unit), persistent=False)
        self.normalises = options["criticNormalisation"] == "layer"
        self.layer1 = torch.nn.Linear(inputs + actions, HIDDEN)
        self.layer2 = torch.nn.Linear(HIDDEN + actions, HIDDEN)
        self.layer3 = torch.nn.Linear(HIDDEN, 1)

    def rectify(self, x):
        return (torch.nn.functional.layer_norm(x, (HIDDEN,)) if self.normalises else x).relu()

    def forward(self, x, a):
        a = a / self.unit
        hidden = self.rectify(self.layer1(torch.cat([x, a], 1)))
        return self.layer3(self.rectify(self.layer2(torch.cat([hidden, a], 1)))).squeeze(1)


class TD3(torch.nn.ModuleDict):
    """The six networks of one agent; the names in state_dict() are those of the fixture."""

    def __init__(self, inputs, scale, options):
        super().__init__()

        def networks():
            return {
                "actor": Actor(inputs, len(scale), scale),
                "critic1": Critic(inputs, scale, options),
                "critic2": Critic(inputs, scale, options),
            }

        self.update(networks())
        # The target networks have their own weights, as in the middle of a training run.
        self["target"] = torch.nn.ModuleDict(networks())


def options_of(level):
    return PUBLISHED | {key: level[key] for key in PUBLISHED if key in level}


def run(td3, batches, level):
    """Makes all updates; returns the losses, and the weights after each update in SNAPSHOTS."""
    betas = (SETTINGS["adamBeta1"], SETTINGS["adamBeta2"])
    critic_parameters = [*td3["critic1"].parameters(), *td3["critic2"].parameters()]
    critic_adam = torch.optim.Adam(
        critic_parameters, SETTINGS["criticLearningRate"], betas, SETTINGS["adamEpsilon"]
    )
    actor_adam = torch.optim.Adam(
        td3["actor"].parameters(), SETTINGS["actorLearningRate"], betas, SETTINGS["adamEpsilon"]
    )
    option = options_of(level)
    clip = SETTINGS["targetNoiseClip"]
    unit = td3["actor"].scale if option["noiseUnits"] == "limits" else 1.0
    average = copy.deepcopy(td3["actor"])
    critic_losses, actor_losses, snapshots = [], [], {}
    for update, batch in enumerate(batches, start=1):
        target = td3["target"]
        with torch.no_grad():
            noise = unit * batch["noise"].clamp(-clip, clip)
            action = target["actor"](batch["nextInput"]) + noise
            values = torch.stack(
                [target[name](batch["nextInput"], action) for name in ("critic1", "critic2")]
            )
            value = values.mean(0) if option["targetValue"] == "mean" else values.amin(0)
            y = batch["reward"] + batch["discount"] * value

        q = torch.stack(
            [td3[name](batch["input"], batch["action"]) for name in ("critic1", "critic2")]
        )
        critic_loss = torch.nn.functional.huber_loss(
            q, y.expand_as(q), delta=SETTINGS["huberDelta"]
        )
        critic_adam.zero_grad()
        critic_loss.backward()
        critic_adam.step()
        critic_losses.append(critic_loss.item())

        if update % SETTINGS["policyDelay"] == 0:
            actor_loss = -td3["critic1"](batch["input"], td3["actor"](batch["input"])).mean()
            unbounded = td3["actor"].unbounded(batch["input"])
            actor_loss = actor_loss + option["outputPenalty"] * unbounded.square().sum(1).mean()
            actor_adam.zero_grad()
            actor_loss.backward()
            actor_adam.step()
            actor_losses.append(actor_loss.item())
            with torch.no_grad():
                for name in ("actor", "critic1", "critic2"):
                    for learned, slow in zip(td3[name].parameters(), target[name].parameters()):
                        slow.lerp_(learned, SETTINGS["targetUpdateRate"])
                for learned, slow in zip(td3["actor"].parameters(), average.parameters()):
                    slow.lerp_(learned, option["averagingRate"])
        else:
            actor_losses.append(None)

        if update in SNAPSHOTS:
            snapshots[str(update)] = copy.deepcopy(td3.state_dict())
            if option["averagingRate"] > 0:
                for name, value in copy.deepcopy(average.state_dict()).items():
                    snapshots[str(update)][f"average.actor.{name}"] = value
    return critic_losses, actor_losses, snapshots


def make_batch(generator, td3, inputs, scale):
    """A batch whose rewards are near the critics' values, so that both parts of the Huber loss matter."""
    actions = len(scale)
    half_range = torch.tensor(scale)
    batch = {
        "input": torch.randn(BATCH, inputs, generator=generator),
        "action": half_range * (2 * torch.rand(BATCH, actions, generator=generator) - 1),
        "discount": torch.full((BATCH,), 0.99),
        "nextInput": torch.randn(BATCH, inputs, generator=generator),
        "noise": 0.2 * torch.randn(BATCH, actions, generator=generator),
    }
    batch["discount"][0] = 0  # one transition that ended the episode (terminal state)
    batch["noise"][1, 0] = 0.7  # one number above and one below the clip range
    batch["noise"][2, 1] = -0.9
    with torch.no_grad():
        td = td3["critic1"](batch["input"], batch["action"]) - batch["discount"] * td3["critic2"](
            batch["nextInput"], batch["action"]
        )
    batch["reward"] = td + 1.5 * torch.randn(BATCH, generator=generator)
    return batch


def as_tensor(value):
    numbers = [float(f"{x:.9g}") for x in value.flatten().tolist()]
    return {"shape": list(value.shape), "values": numbers}


def as_tensors(values):
    return {name: as_tensor(value) for name, value in values.items()}


def largest_gap(single, double):
    """The largest |single - double| / max(|double|, 1e-3) of all elements."""
    return max(
        ((single[name].double() - double[name]).abs() / double[name].abs().clamp_min(1e-3))
        .max()
        .item()
        for name in double
    )


def make_case(level):
    torch.manual_seed(level["seed"])
    generator = torch.Generator().manual_seed(level["seed"])
    td3 = TD3(level["inputs"], level["scale"], options_of(level))
    batches = [make_batch(generator, td3, level["inputs"], level["scale"]) for _ in range(UPDATES)]

    initial = copy.deepcopy(td3.state_dict())
    double = copy.deepcopy(td3).double()
    double_batches = [{key: value.double() for key, value in b.items()} for b in batches]
    critic_losses, actor_losses, expected = run(double, double_batches, level)
    _, _, single = run(td3, batches, level)
    for count, weights in expected.items():
        print(
            f"{level['name']}: after {count} updates, the largest relative error of single precision is "
            f"{largest_gap(single[count], weights):.1e}"
        )
    print(f"{level['name']}: critic losses {np.round(critic_losses, 3).tolist()}")

    return {
        "name": level["name"],
        "inputCount": level["inputs"],
        "actionCount": len(level["scale"]),
        "hiddenUnits": HIDDEN,
        "batchSize": BATCH,
        **options_of(level),
        "actionScale": level["scale"],
        "weights": as_tensors(initial),
        "batches": [as_tensors(batch) for batch in batches],
        "criticLosses": [float(f"{x:.9g}") for x in critic_losses],
        "actorLosses": [None if x is None else float(f"{x:.9g}") for x in actor_losses],
        "expected": {count: as_tensors(weights) for count, weights in expected.items()},
    }


def main():
    fixture = {
        "madeBy": f"scripts/make-td3-fixture.py with PyTorch {torch.__version__}",
        "settings": SETTINGS,
        "cases": [make_case(level) for level in LEVELS],
    }
    FIXTURE.write_text(json.dumps(fixture, separators=(",", ":")) + "\n")
    print(f"wrote {FIXTURE.relative_to(FIXTURE.parents[3])}: {FIXTURE.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
