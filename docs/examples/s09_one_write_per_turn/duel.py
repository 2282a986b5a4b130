"""Shows what a delivery costs: step 09 beside step 08 and the library websockets.

The figures come from a file, which this command writes:

    make bench ARGS="09 08 websockets --rounds 7 --about headline --about idle \
        --out bench/results/step09.json"
"""

import json
from statistics import median
from typing import Any

from lab.story import ROOT

RESULTS = ROOT / "bench" / "results" / "step09.json"
SERVERS = {"websockets": "websockets", "server08": "step 08", "server09": "step 09"}
LOADS = {  # as the benchmark calls them, and what they are
    "quiet": "one message at a time",
    "busy": "32 in flight, from one client",
    "crowd": "16 in flight, from 16 clients",
}
WIDE = 34  # characters of the first column

Run = dict[str, Any]


def cost(runs: list[Run], server: str, load: str) -> dict[int, float]:
    """Return for each round the microseconds of CPU time that a delivery took."""
    return {
        run["round"]: measured["server"] / measured["deliveries"] * 1e6
        for run in runs
        if run["peer"] == server
        for measured in run["answer"]["measured"]
        if measured["name"] == load
    }


def memory(runs: list[Run], server: str) -> float:
    """Return the KiB that a server grows by for a connection that says nothing."""
    sizes: list[float] = [
        run["answer"]["arrival"]["memory"] / run["answer"]["arrival"]["connections"]
        for run in runs
        if run["peer"] == server and run["experiment"] == "idle"
    ]
    return median(sizes) / 1024


def row(runs: list[Run], load: str) -> str:
    """Return a line of the table: what it cost, and by how much step 09 does better."""
    first, second, last = (cost(runs, server, load) for server in SERVERS)
    figures = "".join(f"{median(c.values()):12.2f}" for c in (first, second, last))
    # Within each round: a disturbance of the machine affected both.
    times = [first[number] / last[number] for number in last]
    spread = f"{median(times):7.1f}  ({min(times):.1f} to {max(times):.1f})"
    return f"{LOADS[load]:{WIDE}}{figures}{spread}"


def main() -> None:
    """Print the tables, and where they were measured."""
    results = json.loads(RESULTS.read_text(encoding="utf-8"))
    runs, machine = results["runs"], results["machine"]
    heads = "".join(f"{name:>12}" for name in SERVERS.values())
    print(f"{'microseconds per delivery':{WIDE}}{heads}  times")
    for load in LOADS:
        print(row(runs, load))
    sizes = "".join(f"{memory(runs, server):12.1f}" for server in SERVERS)
    print(f"\n{'KiB per idle connection':{WIDE}}{sizes}")
    rounds = 1 + max(run["round"] for run in runs)
    where = f"Python {machine['python']}, {machine['system']}, {machine['cores']} cores"
    print(
        f"\n{rounds} rounds; {where}, a load of {machine['load']:.1f} at the beginning"
    )


if __name__ == "__main__":
    main()
