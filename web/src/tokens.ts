// The colours that map, chart and time strip share with the style sheet.

const pen = document.createElement("canvas").getContext("2d");

/** Reads a colour of the theme that is on the screen now; a system's own colour as what it is. */
export function token(name: string): string {
  const value = getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  if (!pen || value.startsWith("#")) return value;
  pen.fillStyle = value;
  return pen.fillStyle;
}

/** Calls back when the colours change: the system's theme, its contrast, paper. A chosen theme comes with a new page. */
export function onTheme(call: () => void): void {
  for (const query of ["(prefers-color-scheme: dark)", "(prefers-contrast: more)", "(forced-colors: active)", "print"]) {
    matchMedia(query).addEventListener("change", call);
  }
}

/** Fetches JSON of this server; an answer that is none is an error with the server's own words. */
export async function getJson<Answer>(address: string): Promise<Answer> {
  const answer = await fetch(address, { headers: { accept: "application/json" } });
  if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
  return (await answer.json()) as Answer;
}
