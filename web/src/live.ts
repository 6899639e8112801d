// Keeps what is on the screen up to date: a new fact fetches the parts anew that say so, and tells it once.
import htmx from "htmx.org/dist/htmx.esm.js";

const PAUSE_MS = 1000;

/** Begins to listen. The browser itself reconnects, and tells the last event's id: nothing is missed. */
export function listen(): void {
  if (!document.querySelector("[data-live], dw-overview, dw-chart")) return;
  const source = new EventSource("/v1/stream");
  const shipment = /^\/shipments\/([^/]+)/.exec(location.pathname)?.[1];
  let waiting = 0;
  const heard = (event: MessageEvent<string>): void => {
    const change = JSON.parse(event.data) as { shipment: string };
    if (shipment && change.shipment !== decodeURIComponent(shipment)) return;
    if (!waiting) waiting = window.setTimeout(() => ((waiting = 0), void refresh()), PAUSE_MS);
  };
  for (const type of TYPES) source.addEventListener(type, heard as EventListener);
  addEventListener("pagehide", () => source.close());
}

const TYPES = [
  "packet.received", "packet.decoded", "packet.rejected", "document.put", "judgement.made", "rule.failed",
  "association.recorded", "alert.opened", "alert.extended", "alert.shortened", "alert.retracted", "alert.closed",
  "alert.acknowledged", "alert.snoozed", "alert.escalated", "disposition.decided",
];

async function refresh(): Promise<void> {
  document.dispatchEvent(new CustomEvent("dw:changed"));
  const parts = [...document.querySelectorAll<HTMLElement>("[data-live]")].filter((part) => !isInUse(part));
  if (parts.length === 0) return;
  const answer = await fetch(location.href, { headers: { accept: "text/html" } });
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of parts) {
    const next = fresh.getElementById(part.id);
    if (!next || next.innerHTML === part.innerHTML) continue;
    part.replaceWith(next);
    htmx.process(next);
  }
  const news = document.getElementById("news");
  if (news) news.textContent = news.dataset["text"] ?? "";
}

/** Nothing is taken from under somebody's hands. */
function isInUse(part: HTMLElement): boolean {
  return part.contains(document.activeElement) || part.querySelector("details[open]") !== null;
}
