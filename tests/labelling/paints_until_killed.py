"""Paints one stroke after the other in a session, and says so after each, until somebody kills it.

python paints_until_killed.py SCAN FOLDER MODEL SECONDS_BETWEEN
"""

import itertools
import sys
import time

from synfine_monai.labelling import Session

scan, folder, model, pause = sys.argv[1:]
with Session.open(scan, folder, ["matrix", "pore"], model, threads=1) as session:
    print("open", flush=True)
    for k in itertools.count():
        row = 10.0 + k % 50
        session.stroke(k % 2, 1.0, "xy", k % 40, [[row, 10.0 + n / 7] for n in range(300)])
        print(k + 1, flush=True)
        time.sleep(float(pause))
