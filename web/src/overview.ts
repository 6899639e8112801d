// <dw-overview>: all shipments on one map. Near ones are drawn together; n and p go from one to the next.
import { MapView } from "./map-view";
import { drawMark, drawRing, lonLat, rank, type Located, type LonLat, type Look, type Severity } from "./marks";
import { getJson, token } from "./tokens";

interface Position extends Located {
  id: string;
  title: string;
  open_alerts: number;
  worst: Severity | null;
}

interface Cluster {
  x: number;
  y: number;
  members: Position[];
  look: Look;
}

const CELL = 34;
const NEAR = 16;
const CLOSEST = 60;

const lookOf = (one: Position): Look => one.worst ?? "good";
const radius = (one: Cluster): number => (one.members.length === 1 ? 7 : 10 + Math.min(8, Math.log2(one.members.length) * 2));

/** Takes one cluster into another, in the middle of all members. */
function join(into: Cluster, other: Cluster): void {
  const share = other.members.length / (into.members.length + other.members.length);
  into.x += (other.x - into.x) * share;
  into.y += (other.y - into.y) * share;
  into.members.push(...other.members);
  if (rank(other.look) > rank(into.look)) into.look = other.look;
}

/** Joins clusters that would lie over one another, the small ones into the large. */
function apart(clusters: Cluster[]): Cluster[] {
  const kept: Cluster[] = [];
  for (const one of clusters.sort((a, b) => b.members.length - a.members.length)) {
    const under = one.members.length > 1 && kept.find((other) => Math.hypot(one.x - other.x, one.y - other.y) < radius(one) + radius(other));
    if (under) join(under, one);
    else kept.push(one);
  }
  return kept;
}

class Overview extends MapView {
  protected readonly isWorld = true;
  protected readonly limit = 8;
  private positions: Position[] = [];
  private clusters: Cluster[] = [];
  private chosen = -1;

  protected async load(): Promise<void> {
    const found = await getJson<Position[]>(this.getAttribute("src") ?? "");
    this.positions = found.sort((a, b) => rank(lookOf(b)) - rank(lookOf(a)) || a.id.localeCompare(b.id));
  }

  protected places(): LonLat[] {
    return this.positions.map(lonLat);
  }

  protected draw(pen: CanvasRenderingContext2D): void {
    this.clusters = this.gather();
    for (const one of this.clusters) {
      if (one.members.length === 1) drawMark(pen, one.look, one.x, one.y, 6);
      else this.drawCluster(pen, one);
    }
    const chosen = this.positions[this.chosen];
    const at = chosen && this.place(lonLat(chosen));
    if (at) drawRing(pen, ...at, 14, token("accent"), 3);
  }

  protected override onPoint(x: number, y: number): void {
    const hit = this.hit(x, y);
    const only = hit?.members.length === 1 ? hit.members[0] : undefined;
    if (only) location.href = `/shipments/${encodeURIComponent(only.id)}`;
    else if (hit) this.zoom(2.5, hit.x, hit.y);
  }

  protected override onHover(x: number, y: number): void {
    const hit = this.hit(x, y);
    this.canvas.style.cursor = hit ? "pointer" : "grab";
    if (hit) this.tell(hit, hit.x, hit.y);
    else this.tip.hidden = true;
  }

  protected override onKey(key: string): boolean {
    const step = { n: 1, p: -1 }[key];
    const count = this.positions.length;
    if (step && count) {
      this.chosen = this.chosen < 0 && step < 0 ? count - 1 : (this.chosen + step + count) % count;
      this.goTo(this.positions[this.chosen]);
      return true;
    }
    const one = this.positions[this.chosen];
    if (key === "Enter" && one) {
      location.href = `/shipments/${encodeURIComponent(one.id)}`;
      return true;
    }
    return false;
  }

  private goTo(one: Position | undefined): void {
    if (!one) return;
    const at = this.place(lonLat(one));
    if (!at) return;
    const { width, height } = this.size;
    const isOut = at[0] < 30 || at[0] > width - 30 || at[1] < 30 || at[1] > height - 30;
    if (isOut) this.move(width / 2 - at[0], height / 2 - at[1]);
    const [x, y] = isOut ? [width / 2, height / 2] : at;
    this.redraw();
    this.tell({ x, y, members: [one], look: lookOf(one) }, x, y);
  }

  private gather(): Cluster[] {
    const cells = new Map<string, Cluster>();
    const single = (this.ground?.closeness ?? 1) > CLOSEST;
    for (const one of this.positions) {
      const at = this.place(lonLat(one));
      if (!at || at[0] < -20 || at[1] < -20 || at[0] > this.size.width + 20 || at[1] > this.size.height + 20) continue;
      const key = single ? one.id : `${Math.round(at[0] / CELL)}:${Math.round(at[1] / CELL)}`;
      const cell = cells.get(key);
      if (!cell) {
        cells.set(key, { x: at[0], y: at[1], members: [one], look: lookOf(one) });
        continue;
      }
      join(cell, { x: at[0], y: at[1], members: [one], look: lookOf(one) });
    }
    return apart([...cells.values()]).sort((a, b) => rank(a.look) - rank(b.look));
  }

  private drawCluster(pen: CanvasRenderingContext2D, one: Cluster): void {
    const r = radius(one);
    drawRing(pen, one.x, one.y, r, token(one.look), 2.5, token("surface"));
    pen.fillStyle = token("ink");
    pen.font = "600 11px system-ui, sans-serif";
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    pen.fillText(String(one.members.length), one.x, one.y + 0.5);
    if (rank(one.look) > rank("info")) drawMark(pen, one.look, one.x + r * 0.75, one.y - r * 0.75, 4.5);
  }

  private hit(x: number, y: number): Cluster | null {
    let best: Cluster | null = null;
    let nearest = NEAR;
    for (const one of this.clusters) {
      const distance = Math.hypot(one.x - x, one.y - y) - (one.members.length > 1 ? 8 : 0);
      if (distance < nearest) [best, nearest] = [one, distance];
    }
    return best;
  }

  private tell(one: Cluster, x: number, y: number): void {
    const first = one.members[0];
    if (!first) return;
    const alerts = one.members.reduce((sum, member) => sum + member.open_alerts, 0);
    const name = document.createElement("strong");
    name.textContent = one.members.length === 1 ? first.id : `${one.members.length} ${this.dataset["many"] ?? ""}`;
    const rest = document.createElement("span");
    const words = alerts ? `${alerts} ${this.dataset["alerts"] ?? ""}` : "";
    rest.textContent = [one.members.length === 1 ? first.title : "", words].filter(Boolean).join(" · ");
    this.tip.replaceChildren(name, rest);
    this.tip.hidden = false;
    this.tip.style.left = `${Math.min(Math.max(x + 14, 4), this.size.width - 200)}px`;
    this.tip.style.top = `${Math.min(Math.max(y + 14, 4), this.size.height - 60)}px`;
  }
}

customElements.define("dw-overview", Overview);
