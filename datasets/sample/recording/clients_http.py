"""Four services behind the same nginx on port 443. Only what the users do tells them apart.

Every service is used through several programs (curl with HTTP/2 or 1.1, wget with GnuTLS, Python
with OpenSSL), so that the greeting of the TLS library is no label.
"""

import asyncio
import http.client
import time

import websockets

from content import FILES, PAGES, SEGMENTS
from flow import LIMIT, FlowTask


def curl(task: FlowTask, paths: list[str], *options: str) -> None:
    """All paths over one connection."""
    targets = [part for path in paths for part in ("-o", "/dev/null", task.url + path)]
    version = task.rng.choice(("--http2", "--http1.1"))
    task.call("curl", "-sS", "--cacert", task.certificate, version, *options, *targets)


def wget(task: FlowTask, paths: list[str], *options: str) -> None:
    targets = [task.url + path for path in paths]
    trust = f"--ca-certificate={task.certificate}"
    task.call("wget", "-q", "-O", "/dev/null", trust, *options, *targets)


def python(task: FlowTask, paths: list[str], pauses: list[float]) -> None:
    context = task.tls_context(["http/1.1"])
    connection = http.client.HTTPSConnection(task.name, task.port, timeout=LIMIT, context=context)
    for path, pause in zip(paths, pauses, strict=True):
        time.sleep(pause)
        connection.request("GET", path)
        connection.getresponse().read()
    connection.close()


def page_paths(task: FlowTask) -> list[str]:
    page = task.rng.randrange(PAGES)
    folder = task.work / f"www/pages/{page}"
    objects = sorted(path.name for path in folder.glob("*.bin"))
    return [f"/pages/{page}/index.html"] + [f"/pages/{page}/{name}" for name in objects]


def web(task: FlowTask) -> None:
    """One to three pages with their pictures over one connection, read in between."""
    pages = [page_paths(task) for _ in range(task.rng.choice((1, 1, 2, 2, 3)))]
    kind = task.rng.choice(("curl", "curl", "wget", "python", "python"))
    if kind == "curl":
        curl(task, pages[0])
    elif kind == "wget":
        wget(task, pages[0])
    else:
        pauses = [[task.pause(1.5)] + [0.0] * (len(page) - 1) for page in pages]
        python(task, sum(pages, []), sum(pauses, []))


def download(task: FlowTask) -> None:
    """One file at full speed or throttled; now and then only a part of it."""
    path = f"/files/{task.rng.randrange(FILES)}.bin"
    limit = f"{task.rng.choice((40, 80, 200, 400))}k"
    kind = task.rng.choice(("curl", "curl slowly", "curl part", "wget", "wget slowly", "python"))
    if kind == "curl":
        curl(task, [path])
    elif kind == "curl slowly":
        curl(task, [path], "--limit-rate", limit)
    elif kind == "curl part":
        curl(task, [path], "-r", f"{task.rng.randrange(20000)}-")
    elif kind == "wget":
        wget(task, [path])
    elif kind == "wget slowly":
        wget(task, [path], f"--limit-rate={limit}")
    else:
        python(task, [path], [0.0])


def streaming(task: FlowTask) -> None:
    """A play list, two segments at once to fill the buffer, then a segment at every beat."""
    film, first = task.rng.randrange(4), task.rng.randrange(3)
    count = task.rng.randrange(4, SEGMENTS - 4)
    paths = [f"/video/{film}/list.txt"]
    paths += [f"/video/{film}/{(first + number) % SEGMENTS}.ts" for number in range(count)]
    beat = task.rng.uniform(0.5, 1.3)
    kind = task.rng.choice(("curl", "wget", "python", "python"))
    if kind == "curl":
        curl(task, paths, "--rate", f"{round(60 / beat)}/m")
    elif kind == "wget":
        wget(task, paths, f"--wait={beat:.2f}")
    else:
        pauses = [0.0, 0.0, 0.0] + [max(0.1, task.rng.gauss(beat, 0.1)) for _ in paths[3:]]
        python(task, paths, pauses)


async def chat(task: FlowTask) -> None:
    options = {"ssl": task.tls_context(["http/1.1"]), "open_timeout": LIMIT, "compression": None}
    address = f"wss://{task.name}:{task.port}/socket"
    async with websockets.connect(address, **options) as socket:
        end = time.monotonic() + task.rng.uniform(2, 7)
        while time.monotonic() < end:
            await socket.send("x" * task.size(80, 0.8, 5, 1200))
            wait = time.monotonic() + task.pause(0.7)
            while time.monotonic() < wait:
                try:
                    await asyncio.wait_for(socket.recv(), wait - time.monotonic())
                except asyncio.TimeoutError:
                    break


def websocket(task: FlowTask) -> None:
    """Short messages both ways for a few seconds."""
    asyncio.run(chat(task))
