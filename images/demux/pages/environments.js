// The page of environments: whether each answers now, and since when in the reader's own time. The page stands without it.

/** This demux asks the environment's door, so that a redirect or an error of the app's is seen for what it is. */
async function look(link) {
  const state = link.nextElementSibling;
  try {
    const { status, type } = await fetch(`/answers/${link.hostname}`, {
      method: "HEAD",
      redirect: "manual",
      cache: "no-store",
      signal: AbortSignal.timeout(10_000),
    });
    const gone = [502, 503, 504].includes(status);
    state.textContent = gone ? "does not answer" : status >= 500 ? `answers with error ${status}` : "answers";
    state.className = type !== "opaqueredirect" && status >= 500 ? "bad" : "good";
  } catch {
    state.textContent = "does not answer";
    state.className = "bad";
  }
}

// Own domains have ways of their own: only what this demux finds by its name can be asked.
const links = [...document.querySelectorAll("li a")].filter(({ hostname }) => hostname.endsWith(".localhost"));
const lookAtAll = () => links.forEach((link) => void look(link));
lookAtAll();
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") lookAtAll();
});

for (const time of document.querySelectorAll("time"))
  time.textContent = new Date(time.dateTime).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
