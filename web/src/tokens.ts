// The colours and shapes that map, chart and time strip share with the style sheet.

export type Severity = "critical" | "high" | "warning" | "info";
export type Look = Severity | "good";

export const ORDER: readonly Look[] = ["good", "info", "warning", "high", "critical"];

/** Reads a colour of the theme that is on the screen now. */
export function token(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/** Calls back when the system's theme changes; a chosen theme comes with a new page. */
export function onTheme(call: () => void): void {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", call);
}

/** Draws the same shapes as the icons of the page: colour is never alone. */
export function drawMark(pen: CanvasRenderingContext2D, look: Look, x: number, y: number, r: number): void {
  pen.beginPath();
  if (look === "critical") {
    for (let corner = 0; corner < 8; corner++) {
      const angle = Math.PI / 8 + (corner * Math.PI) / 4;
      pen.lineTo(x + r * 1.15 * Math.cos(angle), y + r * 1.15 * Math.sin(angle));
    }
  } else if (look === "high") {
    pen.moveTo(x, y - r * 1.25);
    pen.lineTo(x + r * 1.2, y + r * 0.9);
    pen.lineTo(x - r * 1.2, y + r * 0.9);
  } else if (look === "warning") {
    pen.moveTo(x, y - r * 1.25);
    pen.lineTo(x + r * 1.25, y);
    pen.lineTo(x, y + r * 1.25);
    pen.lineTo(x - r * 1.25, y);
  } else {
    pen.arc(x, y, r, 0, 2 * Math.PI);
  }
  pen.closePath();
  pen.fillStyle = token(look);
  pen.fill();
  pen.lineWidth = 1.6;
  pen.strokeStyle = token("surface");
  pen.stroke();
}

/** Fetches JSON of this server; an answer that is none is an error with the server's own words. */
export async function getJson<Answer>(address: string): Promise<Answer> {
  const answer = await fetch(address, { headers: { accept: "application/json" } });
  if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
  return (await answer.json()) as Answer;
}
