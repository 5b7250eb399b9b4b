"""Measure how soon the page opens and reads a dropped photograph, and how much memory it needs.

    python benchmarks/page.py [--times 9] [--json] [--write]

A real Chromium opens two real servers with the same settings in turn: the page, and a notebook of
one cell with one button. Each time a warm kernel waits, and the time ends when the view is ready.
The photograph is a JPEG of 2 MB that is dropped on the page. It is larger than 2,048 pixels, so
the browser reduces it first. The tests' browser dependencies must be installed.
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
from common.docs_tables import write_to_docs
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from digitlab.datasets import mnist
from digitlab.synthetic.photographs.photograph import photograph
from digitlab.synthetic.photographs.scene import Scene

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
from support.chromium import launch
from support.live_server import Server, start_server, write_notebook

ONE_CELL = 'import ipywidgets; ipywidgets.Button(description="Lone")'
MAX_PHOTO_BYTES = 2_000_000

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


def make_photo() -> bytes:
    """Return a photograph of a digit, about 2 MB of JPEG."""
    x, _ = mnist.load("validation")
    rng = np.random.default_rng(2)
    scene = Scene(size=(3000, 2250), height=0.3, gradient=0.3, noise=6)
    image = photograph(x[1], rng=rng, scene=scene)
    for quality in range(95, 30, -2):
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=quality)
        if buffer.tell() <= MAX_PHOTO_BYTES:
            break
    assert Image.open(buffer).size == scene.size
    return buffer.getvalue()


def open_page(browser: Browser, server: Server, ready: str) -> tuple[float, Page]:
    """Open a page.

    Args:
        browser: a running browser.
        server: a running server.
        ready: a selector of the element that shows that the page is ready.

    Returns:
        The seconds from the request until the page is ready, and the page.
    """
    server.wait_for_warm_kernels()
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    started = time.perf_counter()
    page.goto(server.url, wait_until="commit")
    page.wait_for_selector(ready, state="attached", timeout=60_000)
    return time.perf_counter() - started, page


def time_drops(page: Page, data: bytes, times: int) -> list[float]:
    """Return the milliseconds from a drop to the prediction, without a first drop to warm up."""
    encoded = base64.b64encode(data).decode("ascii")
    return [page.evaluate(DROP, [encoded, f"photo-{n}.jpg"]) for n in range(times + 1)][1:]


def kernel_mb(server: Server) -> float:
    """Return the resident memory of the largest kernel, in MB."""
    return max(kernel.memory_info().rss for kernel in server.kernel_processes()) / 1e6


def measure(times: int) -> dict[str, Any]:
    """Return all figures, in seconds, milliseconds and MB."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        home = Path(folder)
        one_cell = write_notebook(home / "one.ipynb", ONE_CELL)
        servers = [
            start_server(home / "page"),
            start_server(home / "one", dashboard=one_cell),
        ]
        try:
            browser = launch(playwright)
            ready = ('[data-testid="digitlab-ready"]', "button:has-text('Lone')")
            open_s: list[list[float]] = [[], []]
            for turn in range(times + 1):
                for which, (server, selector) in enumerate(zip(servers, ready, strict=True)):
                    seconds, page = open_page(browser, server, selector)
                    if turn:  # the first turn fills the browser's cache
                        open_s[which].append(seconds)
                    page.close()
            _, page = open_page(browser, servers[0], ready[0])
            data = make_photo()
            drop_ms = time_drops(page, data, times)
            memory_mb = kernel_mb(servers[0])
            page.get_by_test_id("judge-wrong-0").click()
            page.get_by_test_id("receipt").get_by_text("Kept").wait_for()
            return {
                "open_s": open_s[0],
                "one_cell_s": open_s[1],
                "photo_bytes": len(data),
                "drop_ms": drop_ms,
                "kernel_mb": memory_mb,
                "kernel_mb_after_a_correction": kernel_mb(servers[0]),
            }
        finally:
            for server in servers:
                server.stop()


def format_figures(figures: dict[str, Any], command: str) -> str:
    """Return the figures as Markdown."""
    page, one_cell = (statistics.median(figures[name]) for name in ("open_s", "one_cell_s"))
    drop = statistics.median(figures["drop_ms"])
    return "\n".join(
        (
            f"`{command}`, medians of {len(figures['drop_ms'])}:\n",
            f"- the page is ready {page:.2f} s after the request, with a warm kernel; a "
            f"notebook of one cell with one button after {one_cell:.2f} s: the ratio is "
            f"{page / one_cell:.2f};",
            f"- a photograph of {figures['photo_bytes'] / 1e6:.1f} MB is read {drop:.0f} ms after "
            "it was dropped;",
            f"- a visitor's kernel needs {figures['kernel_mb']:.0f} MB after "
            f"{len(figures['drop_ms']) + 1} pictures, and after the first correction "
            f"{figures['kernel_mb_after_a_correction']:.0f} MB.",
        )
    )


def main(arguments: list[str] | None = None) -> None:
    """Measure all figures and print them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--times", type=int, default=9)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--write", action="store_true", help="write the figures into docs/")
    options = parser.parse_args(arguments)
    figures = measure(options.times)
    text = format_figures(figures, f"python benchmarks/page.py --times {options.times}")
    print(json.dumps(figures) if options.json else text)
    if options.write:
        write_to_docs("page", text)


if __name__ == "__main__":
    main()
