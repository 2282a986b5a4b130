"""Executes a notebook, as the book shows it and the tests judge it, and prints it.

    python docs/_ext/execute_notebook.py notebooks/05_delivery.ipynb

It prints one line of JSON: the notebook with its outputs. It fails if a cell raises
that is not marked for it, or if something that the notebook started is left over.
"""

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from traitlets.config import Config

TIMEOUT = 60  # seconds a cell may take: ours take one or two

# Run after the last cell: nothing that the notebook started may be left.
NOTHING_IS_LEFT = """
import asyncio, pathlib
import lab

root = pathlib.Path(lab.__file__).parent.parent
codes = [getattr(task.get_coro(), "cr_code", None) for task in asyncio.all_tasks()]
folders = [pathlib.Path(code.co_filename).parent for code in codes if code]
assert not {root / "lab", root / "steps"} & set(folders), asyncio.all_tasks()
"""


def execute(path: Path) -> Any:
    """Return the notebook in this file, executed; CellExecutionError if it fails."""
    notebook: Any = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    last = nbformat.v4.new_code_cell(NOTHING_IS_LEFT)  # type: ignore[no-untyped-call]
    notebook.cells.append(last)
    with tempfile.TemporaryDirectory() as folder:
        # It speaks to the kernel through files where it can: the ports that it picks
        # are free, and others may take them before the kernel does.
        posix = {"transport": "ipc", "ip": f"{folder}/kernel"}
        client = NotebookClient(
            notebook,
            config=Config(KernelManager=posix if os.name == "posix" else {}),
            kernel_name="python3",
            timeout=TIMEOUT,
            shutdown_kernel="immediate",
            record_timing=False,  # the same cells give the same page
            resources={"metadata": {"path": str(path.parent)}},
            extra_arguments=["--log-level=ERROR"],  # no remark on each kernel's start
        )
        # Without the settings that somebody has made for IPython. To have measured
        # once shows how it is done.
        env = {**os.environ, "IPYTHONDIR": folder, "MEASURING_BRIEFLY": "1"}
        client.execute(env=env)
    notebook.cells.pop()
    return notebook


if __name__ == "__main__":
    # One line, whatever has been printed before it.
    print("\n" + json.dumps(execute(Path(sys.argv[1]))))
