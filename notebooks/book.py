"""What the notebooks need of the book, wherever they are opened.

A notebook can import what lies beside it, and no more: JupyterLab, VS Code and the
browser all start it in its own folder, and nothing of this book is installed. So this
file lies there too, and shows the way to ``lab/``, one folder up.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from lab import Sequence, check_here, connect, judge, start
from lab.story import STEPS
from lab.wire import encode, frame

sys.path.insert(1, str(STEPS))

from utils01 import new_messages

__all__ = [
    "Sequence",
    "check_here",
    "connect",
    "encode",
    "frame",
    "judge",
    "new_messages",
    "start",
]
