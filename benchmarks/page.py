"""The page bench: how soon the page opens, how soon a dropped photograph is read, what it weighs.

    python benchmarks/page.py [--times 9] [--json] [--write]

A real Chromium on two real servers with the same settings: the page, and a notebook of one cell
with one button. Opening is taken in turn, with a warm kernel each time, from the request to the
moment when the view answers. The photograph is a JPEG of 2 MB that is dropped on the page; it has
more than 2,048 pixels, so that the browser reduces it first.
"""

from __future__ import annotations

import argparse
import base64
import io
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from common.docs_tables import write
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from digitlab.datasets import mnist
from digitlab.synthetic.photographs.photograph import photograph
from digitlab.synthetic.photographs.scene import Scene

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
from support.chromium import launch  # the browser that the tests use
from support.live_server import Server, start_server, write_notebook  # and their server

ONE_CELL = 'import ipywidgets; ipywidgets.Button(description="Lone")'
BYTES = 2_000_000

DROP = """([base64, name]) => new Promise((resolve) => {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([bytes], name, { type: "image/jpeg" }));
  const shown = () => [...document.querySelectorAll(".dl-name")].some((e) => e.textContent === name)
    && document.querySelector('[data-testid="prediction-digit"]');
  const started = performance.now();
  const watch = new MutationObserver(() => {
    if (!shown()) return;
    watch.disconnect();
    requestAnimationFrame(() => resolve(performance.now() - started));
  });
  watch.observe(document.body, { childList: true, subtree: true, characterData: true });
  for (const kind of ["dragenter", "dragover", "drop"])
    document.querySelector("h1").dispatchEvent(
      new DragEvent(kind, { dataTransfer: transfer, bubbles: true, cancelable: true }));
})"""


def photo() -> bytes:
    """A photograph of a digit, about 2 MB of JPEG."""
    x, _ = mnist.load("validation")
    rng = np.random.default_rng(2)
    scene = Scene(size=(3000, 2250), height=0.3, gradient=0.3, noise=6)
    image = photograph(x[1], rng=rng, scene=scene)
    for quality in range(95, 30, -2):
        out = io.BytesIO()
        image.save(out, "JPEG", quality=quality)
        if out.tell() <= BYTES:
            break
    assert Image.open(out).size == scene.size
    return out.getvalue()


def opened(browser: Browser, server: Server, ready: str) -> tuple[float, Page]:
    """Seconds from the request to the moment that `ready`, a selector, is there; and the page."""
    server.wait_for_warm_kernels()
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    started = time.perf_counter()
    page.goto(server.url, wait_until="commit")
    page.wait_for_selector(ready, state="attached", timeout=60_000)
    return time.perf_counter() - started, page


def dropped(page: Page, data: bytes, times: int) -> list[float]:
    """Milliseconds from the drop to the digit, each time."""
    encoded = base64.b64encode(data).decode("ascii")
    return [page.evaluate(DROP, [encoded, f"photo-{n}.jpg"]) for n in range(times + 1)][1:]


def kernel_mb(server: Server) -> float:
    """Resident memory of the largest kernel, in MB."""
    return max(kernel.memory_info().rss for kernel in server.kernel_processes()) / 1e6


def measure(times: int) -> dict[str, Any]:
    """All figures; seconds, milliseconds and MB."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        home = Path(folder)
        one_cell = write_notebook(home / "one.ipynb", ONE_CELL)
        servers = [
            start_server(home / "page"),
            start_server(home / "one", dashboard=one_cell),
        ]
        try:
            browser = launch(playwright)
            marks = ('[data-testid="digitlab-ready"]', "button:has-text('Lone')")
            opening: list[list[float]] = [[], []]
            for turn in range(times + 1):
                for which, (server, mark) in enumerate(zip(servers, marks, strict=True)):
                    seconds, page = opened(browser, server, mark)
                    if turn:  # the first one fills the browser's cache
                        opening[which].append(seconds)
                    page.close()
            _, page = opened(browser, servers[0], marks[0])
            data = photo()
            drops = dropped(page, data, times)
            read = kernel_mb(servers[0])
            page.get_by_test_id("judge-wrong-0").click()
            page.get_by_test_id("receipt").get_by_text("Kept").wait_for()
            return {
                "open_s": opening[0],
                "one_cell_s": opening[1],
                "photo_bytes": len(data),
                "drop_ms": drops,
                "kernel_mb": read,
                "kernel_mb_after_a_correction": kernel_mb(servers[0]),
            }
        finally:
            for server in servers:
                server.stop()


def text(found: dict[str, Any], call: str) -> str:
    """The figures as Markdown."""
    page, one = (statistics.median(found[name]) for name in ("open_s", "one_cell_s"))
    drop = statistics.median(found["drop_ms"])
    return "\n".join(
        (
            f"`{call}`, medians of {len(found['drop_ms'])}:\n",
            f"- the page can be used {page:.2f} s after the request, with a warm kernel; a "
            f"notebook of one cell with one button {one:.2f} s: {page / one:.2f} times that;",
            f"- a photograph of {found['photo_bytes'] / 1e6:.1f} MB is read {drop:.0f} ms after "
            "it was dropped;",
            f"- a visitor's kernel has {found['kernel_mb']:.0f} MB after "
            f"{len(found['drop_ms']) + 1} pictures, and after the first correction "
            f"{found['kernel_mb_after_a_correction']:.0f} MB.",
        )
    )


def main(arguments: list[str] | None = None) -> None:
    """Run the bench."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--times", type=int, default=9)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--write", action="store_true", help="write docs/serving.md's figures")
    options = parser.parse_args(arguments)
    found = measure(options.times)
    said = text(found, f"python benchmarks/page.py --times {options.times}")
    print(json.dumps(found) if options.json else said)
    if options.write:
        write("page", said, page="serving")


if __name__ == "__main__":
    main()
