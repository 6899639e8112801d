// Shortcuts of single keys. They can be turned off (WCAG 2.1.4), and never act while somebody types.

const PAUSE_MS = 1200;
let isAfterG = 0;

/** Begins to listen. */
export function listen(): void {
  if (document.documentElement.dataset["keys"] !== "on") return;
  document.addEventListener("keydown", (event) => {
    const target = event.target as HTMLElement;
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.key === "Escape") return leave(target);
    if (target.matches("input, textarea, select, [contenteditable]") || document.querySelector("dialog[open]")) return;
    if (press(event.key, target)) event.preventDefault();
  });
}

function press(key: string, target: HTMLElement): boolean {
  if (isAfterG && Date.now() < isAfterG) {
    isAfterG = 0;
    const link = document.querySelector<HTMLAnchorElement>(`.main-nav a[data-keys="g ${key}"]`);
    link?.click();
    return link !== null;
  }
  const row = target.closest<HTMLElement>(".alert-row");
  switch (key) {
    case "g":
      isAfterG = Date.now() + PAUSE_MS;
      return true;
    case "/":
      document.querySelector<HTMLInputElement>("[data-search]")?.focus();
      return true;
    case "?":
      document.querySelector<HTMLDialogElement>("#shortcuts")?.showModal();
      return true;
    case "j":
    case "k":
      return step(key === "j" ? 1 : -1);
    case "a":
    case "s":
      return act(row ?? document.querySelector<HTMLElement>(".alert-row"), key);
    case "Enter":
      if (target !== row) return false;
      row?.querySelector<HTMLAnchorElement>(".row-link")?.click();
      return row !== null;
    default:
      return false;
  }
}

/** Goes to the next alert; the one that has the focus is the only one in the tab order. */
function step(by: number): boolean {
  const rows = [...document.querySelectorAll<HTMLElement>(".alert-row")];
  if (rows.length === 0) return false;
  const at = rows.findIndex((row) => row.contains(document.activeElement));
  const next = rows[Math.min(rows.length - 1, Math.max(0, at + by))];
  for (const row of rows) row.tabIndex = row === next ? 0 : -1;
  next?.focus();
  return true;
}

function act(row: HTMLElement | null, key: string): boolean {
  const form = row?.querySelector<HTMLDetailsElement>(`details[data-act="${key}"]`);
  if (!row || !form) return false;
  for (const other of row.querySelectorAll<HTMLDetailsElement>("details.act")) other.open = other === form;
  form.querySelector<HTMLElement>("input[name=comment]")?.focus();
  return true;
}

function leave(target: HTMLElement): void {
  const open = target.closest<HTMLDetailsElement>("details[open]");
  if (!open) return target.blur();
  open.open = false;
  (open.closest<HTMLElement>(".alert-row") ?? open.querySelector("summary"))?.focus();
}
