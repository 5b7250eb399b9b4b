// Shows the page when its widgets are ready, reconnects after a lost connection, and reports the
// end of the session.
"use strict";
(() => {
  const POLL_MS = 5000; // a session that has ended is noticed within this time
  const RETRY_MS = 1000; // the same for a server that did not answer and does so again
  const START_LIMIT_MS = 60000; // even a slow machine renders something within this time
  const SETTLE_MS = 1000; // for a notebook without the ready marker

  const byId = (id) => document.getElementById(id);
  const started = () => byId("rendered_cells")?.classList.contains("ready");
  let session = null; // { base, id } once the kernel is known
  let kernel = null; // the connection to the kernel, once Voilà has made one
  let offline = false; // the server did not answer the last request, or the connection was cut
  let checking = false; // the server answers again; the kernel has not answered yet
  let pollTimer = null;
  let leaving = false;

  // Voilà calls these while it sends and starts the page.
  window.voila_heartbeat = () => {};
  window.voila_finish = () => {};

  const dark = matchMedia("(prefers-color-scheme: dark)");
  const setTheme = () => {
    document.body.dataset.jpThemeLight = String(!dark.matches);
  };
  dark.addEventListener("change", setTheme);
  setTheme();

  function reveal() {
    if (started()) return;
    observer.disconnect();
    clearTimeout(startLimit);
    byId("skeleton").remove();
    byId("rendered_cells").classList.add("ready");
  }

  function showEnd(title, text) {
    const sheet = byId("sheet");
    if (leaving || sheet.open) return;
    byId("sheet-title").textContent = title;
    byId("sheet-text").textContent = text;
    byId("offline").hidden = true;
    sheet.showModal();
  }
  /** Number of verdicts that the kernel has not confirmed; the page's widgets keep it. */
  const unsavedVerdicts = () => Number(document.body.dataset.unsavedVerdicts ?? 0);

  function showSessionEnded() {
    const count = unsavedVerdicts();
    const saved =
      count === 0 ? "Your verdicts are saved."
      : count === 1 ? "Your last verdict was not saved; the others are."
      : `Your last ${count} verdicts were not saved; the others are.`;
    showEnd("This session has ended", `${saved} Start a new session to continue.`);
  }
  const showStartFailed = () =>
    showEnd("The page could not start", "The server's log has the details.");

  let settleTimer = null;
  function checkStart() {
    if (document.querySelector('[data-testid="digitlab-ready"]')) reveal();
    else if (byId("failed")) showStartFailed();
    else if (!settleTimer) {
      const widget = document.querySelector("#rendered_cells .lm-Widget .jupyter-widgets");
      if (widget?.getClientRects().length) settleTimer = setTimeout(reveal, SETTLE_MS);
    }
  }
  const observer = new MutationObserver(checkStart);
  observer.observe(document.documentElement, { childList: true, subtree: true });
  const startLimit = setTimeout(() => started() || showStartFailed(), START_LIMIT_MS);

  /** Show or hide the line at the top that reports a lost connection. */
  const showConnection = () => {
    const connected =
      !offline && !checking && (!kernel || kernel.connectionStatus === "connected");
    byId("offline").hidden = connected || leaving || byId("sheet").open;
  };

  const pollIn = (milliseconds) => {
    clearTimeout(pollTimer);
    pollTimer = setTimeout(poll, milliseconds);
  };

  async function poll() {
    pollTimer = null;
    try {
      const answer = await fetch(`${session.base}api/kernels/${session.id}`, {
        cache: "no-store",
        signal: AbortSignal.timeout(POLL_MS),
      });
      if (answer.status >= 500) throw new Error("a proxy answers, but the server does not");
      if (!answer.ok || answer.redirected) showSessionEnded(); // no kernel, or no valid login
      else if (offline || kernel?.connectionStatus === "disconnected") resume();
      offline = false;
    } catch {
      offline = true;
    }
    showConnection();
    if (!byId("sheet").open) pollIn(offline ? RETRY_MS : POLL_MS);
  }

  /** Ask the kernel for its info: a connection that was cut may look open for minutes. */
  async function kernelAnswers() {
    if (kernel.connectionStatus !== "connected") return false;
    const timeout = new Promise((done) => setTimeout(done, POLL_MS, false));
    return Promise.race([kernel.requestKernelInfo().then(() => true, () => false), timeout]);
  }

  /** Reconnect to the kernel after the server answers again; unsent messages wait for it. */
  async function resume() {
    checking = true;
    const connected = !kernel || (await kernelAnswers());
    checking = false;
    try {
      if (!connected) await kernel.reconnect(); // JupyterLab may wait a minute before it retries
    } catch {
      if (!offline) showSessionEnded(); // reconnecting failed, although the server answers
    }
    showConnection();
  }

  function listen() {
    kernel = window.jupyterapp?.widgetManager?.kernel ?? null;
    if (!kernel) {
      setTimeout(listen, 250);
      return;
    }
    kernel.statusChanged.connect((_, status) => {
      if (/dead|restarting|terminating/.test(status)) showSessionEnded();
    });
    kernel.connectionStatusChanged.connect((_, status) => {
      if (status === "connecting") offline = true;
      if (status === "connected") offline = false;
      if (offline && pollTimer) pollIn(RETRY_MS);
      showConnection();
    });
  }

  // The page calls this as soon as its configuration, with the kernel's id, is part of it.
  window.digitlab_session = () => {
    const config = JSON.parse(byId("jupyter-config-data").textContent);
    session = { base: config.baseUrl, id: config.kernelId };
    pollIn(POLL_MS);
    listen();
  };

  // End the session also on phones and while the page still loads. Voilà's own message, on
  // "beforeunload", is not sent then.
  addEventListener("beforeunload", (event) => {
    if (unsavedVerdicts() && !byId("sheet").open) event.preventDefault(); // the browser asks
    leaving = true;
    setTimeout(() => (leaving = false), POLL_MS); // the person may choose to stay
  });
  addEventListener("pagehide", () => {
    leaving = true;
    if (!session) return;
    const form = new FormData();
    form.append("_xsrf", document.cookie.match(/\b_xsrf=([^;]*)/)?.[1] ?? "");
    navigator.sendBeacon(`${session.base}voila/api/shutdown/${session.id}`, form);
  });
  addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload(); // restored from the cache, but its session has ended
  });

  addEventListener("DOMContentLoaded", () => {
    byId("restart").addEventListener("click", () => location.reload());
    byId("sheet").addEventListener("cancel", (event) => event.preventDefault());
  });
})();
