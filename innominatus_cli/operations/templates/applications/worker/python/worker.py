"""Does its work every PAUSE_SECONDS. Stops when it is asked to."""

import os
import signal
import threading

stopped = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: stopped.set())


def work() -> None:
    print("working")


while True:
    work()
    if stopped.wait(float(os.environ.get("PAUSE_SECONDS", "30"))):
        break
