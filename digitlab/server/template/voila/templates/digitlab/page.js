// Shows the page when its widgets are there, and says so when its session has ended.
"use strict";
(() => {
  const POLL_MS = 5000; // a session that died shows within this time
  const PATIENCE_MS = 60000; // by then even a slow machine has rendered something
  const SETTLE_MS = 1000; // for a notebook without the ready marker

  const byId = (id) => document.getElementById(id);
  const started = () => byId("rendered_cells")?.classList.contains("ready");
  let session = null; // { base, id } once the kernel is known
  let leaving = false;

  // What Voilà calls while it sends and starts the page.
  window.voila_heartbeat = () => {};
  window.voila_finish = () => {};

  const dark = matchMedia("(prefers-color-scheme: dark)");
  const tellTheme = () => {
    document.body.dataset.jpThemeLight = String(!dark.matches);
  };
  dark.addEventListener("change", tellTheme);
  tellTheme();

  function reveal() {
    if (started()) return;
    watcher.disconnect();
    clearTimeout(patience);
    byId("skeleton").remove();
    byId("rendered_cells").classList.add("ready");
  }

  function end(title, text) {
    const sheet = byId("sheet");
    if (leaving || sheet.open) return;
    byId("sheet-title").textContent = title;
    byId("sheet-text").textContent = text;
    byId("offline").hidden = true;
    sheet.showModal();
  }
  const lost = () =>
    end("This session has ended", "What you judged is kept. Start a new session to go on.");
  const failed = () => end("The page could not start", "The server's log says why.");

  let settling = null;
  function look() {
    if (document.querySelector('[data-testid="digitlab-ready"]')) reveal();
    else if (byId("failed")) failed();
    else if (!settling) {
      const widget = document.querySelector("#rendered_cells .lm-Widget .jupyter-widgets");
      if (widget?.getClientRects().length) settling = setTimeout(reveal, SETTLE_MS);
    }
  }
  const watcher = new MutationObserver(look);
  watcher.observe(document.documentElement, { childList: true, subtree: true });
  const patience = setTimeout(() => started() || failed(), PATIENCE_MS);

  async function poll() {
    try {
      const answer = await fetch(`${session.base}api/kernels/${session.id}`, {
        cache: "no-store",
        signal: AbortSignal.timeout(POLL_MS),
      });
      byId("offline").hidden = true;
      if (!answer.ok || answer.redirected) lost(); // gone, or the login is no longer valid
    } catch {
      byId("offline").hidden = leaving || byId("sheet").open;
    }
    if (!byId("sheet").open) setTimeout(poll, POLL_MS);
  }

  function listen() {
    const kernel = window.jupyterapp?.widgetManager?.kernel;
    if (!kernel) {
      setTimeout(listen, 250);
      return;
    }
    kernel.statusChanged.connect((_, status) => {
      if (/dead|restarting|terminating/.test(status)) lost();
    });
    kernel.connectionStatusChanged.connect((_, status) => {
      if (status === "disconnected") lost(); // it has given up reconnecting
      byId("offline").hidden = status !== "connecting" || byId("sheet").open;
    });
  }

  // The kernel is known: called by the page as soon as its configuration stands in it.
  window.digitlab_session = () => {
    const config = JSON.parse(byId("jupyter-config-data").textContent);
    session = { base: config.baseUrl, id: config.kernelId };
    setTimeout(poll, POLL_MS);
    listen();
  };

  // Ends the session also on phones and while the page still loads, when Voilà's own
  // message on "beforeunload" is not sent.
  addEventListener("beforeunload", () => {
    leaving = true;
    setTimeout(() => (leaving = false), POLL_MS); // the person may have chosen to stay
  });
  addEventListener("pagehide", () => {
    leaving = true;
    if (!session) return;
    const form = new FormData();
    form.append("_xsrf", document.cookie.match(/\b_xsrf=([^;]*)/)?.[1] ?? "");
    navigator.sendBeacon(`${session.base}voila/api/shutdown/${session.id}`, form);
  });
  addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload(); // back from the cache, but its session is over
  });

  addEventListener("DOMContentLoaded", () => {
    byId("restart").addEventListener("click", () => location.reload());
    byId("sheet").addEventListener("cancel", (event) => event.preventDefault());
  });
})();
