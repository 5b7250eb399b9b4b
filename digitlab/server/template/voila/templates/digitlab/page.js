// Shows the page when its widgets are there, goes on after a lost connection, and says so when
// its session has ended.
"use strict";
(() => {
  const POLL_MS = 5000; // a session that died shows within this time
  const AGAIN_MS = 1000; // the same for a server that did not answer and does again
  const PATIENCE_MS = 60000; // by then even a slow machine has rendered something
  const SETTLE_MS = 1000; // for a notebook without the ready marker

  const byId = (id) => document.getElementById(id);
  const started = () => byId("rendered_cells")?.classList.contains("ready");
  let session = null; // { base, id } once the kernel is known
  let kernel = null; // the connection to it, once Voilà has made one
  let away = false; // the server did not answer the last time, or the connection was cut
  let asking = false; // the server answers again, and the kernel has been asked too
  let polling = null; // the timer of the next look
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

  /** The line at the top says whether there is a connection. */
  const tell = () => {
    const connected = !away && !asking && (!kernel || kernel.connectionStatus === "connected");
    byId("offline").hidden = connected || leaving || byId("sheet").open;
  };

  const pollIn = (milliseconds) => {
    clearTimeout(polling);
    polling = setTimeout(poll, milliseconds);
  };

  async function poll() {
    polling = null;
    try {
      const answer = await fetch(`${session.base}api/kernels/${session.id}`, {
        cache: "no-store",
        signal: AbortSignal.timeout(POLL_MS),
      });
      if (answer.status >= 500) throw new Error("a proxy, and nobody behind it");
      if (!answer.ok || answer.redirected) lost(); // gone, or the login is no longer valid
      else if (away || kernel?.connectionStatus === "disconnected") goOn();
      away = false;
    } catch {
      away = true;
    }
    tell();
    if (!byId("sheet").open) pollIn(away ? AGAIN_MS : POLL_MS);
  }

  /** Whether the kernel answers; a connection that was cut may look open for minutes. */
  async function answers() {
    if (kernel.connectionStatus !== "connected") return false;
    const late = new Promise((done) => setTimeout(done, POLL_MS, false));
    return Promise.race([kernel.requestKernelInfo().then(() => true, () => false), late]);
  }

  /** Now that the server answers again, so shall the kernel; what was said meanwhile waits. */
  async function goOn() {
    asking = true;
    const fine = !kernel || (await answers());
    asking = false;
    try {
      if (!fine) await kernel.reconnect(); // JupyterLab's next attempt may be a minute away
    } catch {
      if (!away) lost(); // it has given up, though the server answers
    }
    tell();
  }

  function listen() {
    kernel = window.jupyterapp?.widgetManager?.kernel ?? null;
    if (!kernel) {
      setTimeout(listen, 250);
      return;
    }
    kernel.statusChanged.connect((_, status) => {
      if (/dead|restarting|terminating/.test(status)) lost();
    });
    kernel.connectionStatusChanged.connect((_, status) => {
      if (status === "connecting") away = true;
      if (status === "connected") away = false;
      if (away && polling) pollIn(AGAIN_MS);
      tell();
    });
  }

  // The kernel is known: called by the page as soon as its configuration stands in it.
  window.digitlab_session = () => {
    const config = JSON.parse(byId("jupyter-config-data").textContent);
    session = { base: config.baseUrl, id: config.kernelId };
    pollIn(POLL_MS);
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
