// The colours that map, chart and time strip share with the style sheet.

/** Reads a colour of the theme that is on the screen now. */
export function token(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/** Calls back when the system's theme changes; a chosen theme comes with a new page. */
export function onTheme(call: () => void): void {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", call);
}

/** Fetches JSON of this server; an answer that is none is an error with the server's own words. */
export async function getJson<Answer>(address: string): Promise<Answer> {
  const answer = await fetch(address, { headers: { accept: "application/json" } });
  if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
  return (await answer.json()) as Answer;
}
