"""A scene as HTML that needs nothing else: what a notebook shows of it.

Its output has no address from which a script could be loaded, so the viewer is in it.
"""

import itertools
import zlib
from pathlib import Path

VIEWER = Path(__file__).parent / "viewer"

_numbers = itertools.count(1)


def embedded(scene: str) -> str:
    """Return HTML that shows a scene, given as its JSON."""
    script = (VIEWER / "stepper.js").read_text(encoding="utf-8")
    style = (VIEWER / "stepper.css").read_text(encoding="utf-8")
    box = f"stepper-{next(_numbers)}-{zlib.crc32(scene.encode()):x}"
    data = scene.replace("<", "\\u003c")  # or a text in it could end the element
    return (
        f"<style>{style}</style>"
        f'<div id="{box}">Without scripts, and where they are not trusted, there is '
        "nothing to see here.</div>"
        f'<script type="application/json" id="{box}-scene">{data}</script>'
        f'<script type="module">{script}\n'
        f'const box = document.getElementById("{box}");\n'
        f'const data = document.getElementById("{box}-scene");\n'
        "new Stepper(box, JSON.parse(data.textContent));\n"
        "</script>"
    )
