#!/usr/bin/env python3
"""Reads a policy of hiro without using hiro, and checks that it gives the same actions as hiro.

    python3 scripts/check-policy.py POLICY.safetensors [ROLLOUT.json]
                                                        (needs NumPy and safetensors)

Loads the policy with the safetensors package. For each step of a rollout that hiro recorded, it
computes the subgoal and the action with NumPy in double precision. Exits with 1 if one of them
differs from hiro's by more than 1e-5 of its range. Without a rollout, it prints the action of the
policy if all inputs (observation and subgoal or target) are zero. The tests run this script; it is
also the shortest description of how to use a policy in Python.

ROLLOUT.json contains one episode from its start:

    interval    number of environment steps from one subgoal to the next
    semantics   "relative" or "absolute"
    steps[]     observation [..], target [..], subgoal [..] (null for a flat policy), action [..]
"""

import json
import sys

import numpy as np
from safetensors import safe_open

TOLERANCE = 1e-5  # of the range: sums of 300 32-bit products have errors of about 1e-6


class Policy:
    def __init__(self, path):
        with safe_open(path, framework="numpy") as file:
            self.metadata = file.metadata()
            self.tensors = {key: file.get_tensor(key).astype(np.float64) for key in file.keys()}
        self.action_limits = np.array(json.loads(self.metadata["action_limits"]))
        self.half_range = np.array(json.loads(self.metadata["subgoal_half_range"]))
        self.position_indices = json.loads(self.metadata["position_indices"])
        self.is_flat = "flat.actor.layer1.weight" in self.tensors

    def actor(self, name, x, scale):
        for layer in (1, 2, 3):
            weight = self.tensors[f"{name}.layer{layer}.weight"]
            x = weight @ x + self.tensors[f"{name}.layer{layer}.bias"]
            x = np.maximum(x, 0) if layer < 3 else scale * np.tanh(x)
        return x

    def decide(self, observation, target):
        """The higher level: returns a new subgoal."""
        return self.actor("higher.actor", np.concatenate([observation, target]), self.half_range)

    def act(self, observation, target, subgoal):
        """The lower level, or the only level of a flat policy: returns an action."""
        if self.is_flat:
            x = np.concatenate([observation, target])
            return self.actor("flat.actor", x, self.action_limits)
        seen = observation.copy()
        seen[self.position_indices] = 0
        return self.actor("lower.actor", np.concatenate([seen, subgoal]), self.action_limits)

    def run(self, steps, interval, semantics):
        """Yields the subgoal and the action for each step of an episode."""
        subgoal, position = None, None
        for time, step in enumerate(steps):
            observation, target = np.array(step["observation"]), np.array(step["target"])
            if not self.is_flat:
                before, position = position, observation[: len(self.half_range)]
                if time % interval == 0:
                    subgoal = self.decide(observation, target)
                elif semantics == "relative":
                    subgoal = before + subgoal - position
            yield subgoal, self.act(observation, target, subgoal)


def largest_error(computed, given, scale):
    given = np.array(given)
    if computed.shape != given.shape:
        sys.exit(f"check-policy: the shape is {given.shape} in the rollout, but {computed.shape} as computed")
    return float(np.max(np.abs(computed - given) / scale))


def main():
    if len(sys.argv) not in (2, 3):
        print("usage: check-policy.py POLICY.safetensors [ROLLOUT.json]", file=sys.stderr)
        return 64
    policy = Policy(sys.argv[1])
    if len(sys.argv) == 2:
        name = "flat.actor" if policy.is_flat else "lower.actor"
        inputs = policy.tensors[f"{name}.layer1.weight"].shape[1]
        print(policy.actor(name, np.zeros(inputs), policy.action_limits))
        return 0

    with open(sys.argv[2]) as file:
        rollout = json.load(file)
    error = 0.0
    results = policy.run(rollout["steps"], rollout["interval"], rollout["semantics"])
    for step, (subgoal, action) in zip(rollout["steps"], results):
        error = max(error, largest_error(action, step["action"], policy.action_limits))
        if subgoal is not None:
            error = max(error, largest_error(subgoal, step["subgoal"], policy.half_range))
    count = len(rollout["steps"])
    print(f"check-policy: {count} steps, largest error {error:.1e} of the range (allowed: {TOLERANCE:.0e})")
    return 0 if count > 0 and error <= TOLERANCE else 1


if __name__ == "__main__":
    sys.exit(main())
