// The link of this page for the desktop application, whose scheme is bridgecall: (same host, room and secret).

const HINT_AFTER_MS = 2000;

/** null for a page without TLS: the application's links promise it. */
export function applicationLink({ protocol, host, pathname, hash }) {
  return protocol === "https:" ? `bridgecall://${host}${pathname}${hash}` : null;
}

/** Offer the link; `hint` appears when the browser does nothing with it. */
export function offerApplication(anchor, hint, address = location) {
  const link = applicationLink(address);
  anchor.hidden = link === null;
  if (link === null) {
    return;
  }
  anchor.href = link;
  anchor.addEventListener("click", () => {
    setTimeout(() => {
      hint.hidden = document.hidden || !document.hasFocus(); // the application, or the browser's question, has it
    }, HINT_AFTER_MS);
  });
}
