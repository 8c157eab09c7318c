"""A stand-in that speaks as Lean does, for tests where no Lean is at hand. It proves nothing and says so.

It refuses files that contain "wrong", warns of sorry where "hidden_gap" stands, and never ends on "forever".
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

if sys.argv[1:] == ["--version"]:
    print("Lean (version 4.99.0, stand-in for tests, checks nothing)")
    sys.exit(0)

file = Path(sys.argv[-1])
text = file.read_text(encoding="utf-8")
if "forever" in text:
    time.sleep(600)
if "wrong" in text:
    print(f"{file}:3:0: error: unsolved goals\n⊢ False")
    sys.exit(1)
if "hidden_gap" in text:
    print(f"{file}:3:8: warning: declaration uses 'sorry'")
