"""Publishes sensor readings to the MQTT broker of its namespace: subscribers hear something.

Usage: telemetry.py SEED
"""

import random
import subprocess
import sys
import time

TOPICS = ("room/1", "room/2", "room/3", "meter")


def main() -> None:
    rng = random.Random(sys.argv[1])
    while True:
        topic = rng.choice(TOPICS)
        note = rng.randbytes(rng.randrange(2, 60)).hex()
        reading = f'{{"t": {rng.uniform(15, 30):.2f}, "note": "{note}"}}'
        program = ["mosquitto_pub", "-h", "127.0.0.1", "-t", topic]
        subprocess.run([*program, "-m", reading], check=False)
        time.sleep(rng.expovariate(1 / 0.4))


if __name__ == "__main__":
    main()
