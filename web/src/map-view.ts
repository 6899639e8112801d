// A map: a ground, and over it a canvas with the marks, which hands and keys move. Base of the maps of the pages.
import { CanvasGround } from "./canvas-ground";
import { wantsGl, type Ground } from "./ground";
import { loadLand } from "./land";
import type { LonLat } from "./marks";
import { onTheme } from "./tokens";

const STEP = 1.5;

/** `draw` puts what a map shows over the land. */
export abstract class MapView extends HTMLElement {
  protected readonly canvas = document.createElement("canvas");
  protected readonly tip = document.createElement("div");
  protected ground: Ground | null = null;
  protected size = { width: 0, height: 0 };
  private frame = 0;
  private isMoved = false;
  private readonly touches = new Map<number, [number, number]>();
  private travelled = 0;

  /** Whether it shows the world rather than one way. */
  protected abstract readonly isWorld: boolean;
  /** No closer than this when all of it is shown. */
  protected abstract readonly limit: number;
  /** Where all that it shows lies. */
  protected abstract places(): LonLat[];
  /** Draws what the map shows, over the land. */
  protected abstract draw(pen: CanvasRenderingContext2D): void;
  /** Fetches what the map shows. */
  protected abstract load(): Promise<void>;
  protected onPoint(_x: number, _y: number): void {}
  protected onHover(_x: number, _y: number): void {}
  protected onKey(_key: string): boolean {
    return false;
  }

  connectedCallback(): void {
    this.canvas.className = "marks";
    this.canvas.tabIndex = 0;
    this.canvas.setAttribute("role", "application");
    this.canvas.setAttribute("aria-label", this.dataset["label"] ?? "");
    this.tip.className = "map-tip";
    this.tip.hidden = true;
    this.tip.setAttribute("role", "status");
    this.replaceChildren(this.canvas, this.tip, this.buttons());
    this.listen();
    onTheme(() => (this.ground?.paint(), this.render())); // at once: paper does not wait for the next frame
    document.addEventListener("dw:changed", () => void this.load().then(() => this.redraw()));
    void this.begin();
  }

  /** Where a position is on the canvas; null where the ground does not show it. */
  protected place(at: LonLat): [number, number] | null {
    return this.ground?.place(at) ?? null;
  }

  protected redraw(): void {
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.render());
  }

  private render(): void {
    const pen = this.canvas.getContext("2d");
    pen?.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    pen?.clearRect(0, 0, this.size.width, this.size.height);
    if (pen) this.draw(pen);
  }

  protected home(): void {
    this.isMoved = false;
    this.ground?.fit(this.places(), this.limit);
    this.redraw();
  }

  protected zoom(by: number, x = this.size.width / 2, y = this.size.height / 2): void {
    this.changed((ground) => ground.zoom(by, x, y));
  }

  protected move(x: number, y: number): void {
    this.changed((ground) => ground.move(x, y));
  }

  private changed(change: (ground: Ground) => void): void {
    this.tip.hidden = true;
    this.isMoved = true;
    if (this.ground) change(this.ground);
    this.redraw();
  }

  /** The canvas comes first, and stays wherever MapLibre is not wanted or does not come up. */
  private async begin(): Promise<void> {
    const [land] = await Promise.all([loadLand(this.getAttribute("land") ?? ""), this.load()]);
    const drawn = new CanvasGround(land, this.isWorld);
    this.use(drawn);
    new ResizeObserver(() => {
      const { width, height } = this.getBoundingClientRect();
      if (width !== this.size.width || height !== this.size.height) this.resize();
    }).observe(this);
    this.setAttribute("ready", "");
    if (!wantsGl()) return;
    try {
      const { glGround } = await import("./gl-ground");
      const finer = await glGround(this.dataset["fineLand"] ?? "", this.dataset["worker"] ?? "", this.size);
      finer.node.addEventListener("webglcontextlost", () => this.use(new CanvasGround(land, this.isWorld)), true);
      this.use(finer);
    } catch {
      this.use(drawn);
    }
  }

  private use(ground: Ground): void {
    const before = this.ground;
    const seen = this.isMoved && before ? before.edges() : null;
    this.ground = ground;
    this.prepend(ground.node);
    if (before && before !== ground) before.remove();
    this.resize();
    if (seen) ground.fit(seen, Infinity);
    this.setAttribute("ground", ground.name);
  }

  private resize(): void {
    const { width, height } = this.getBoundingClientRect();
    if (width === 0) return;
    this.size = { width, height };
    this.canvas.width = Math.round(width * devicePixelRatio);
    this.canvas.height = Math.round(height * devicePixelRatio);
    this.ground?.resize(width, height);
    this.home();
  }

  private buttons(): HTMLElement {
    const box = document.createElement("div");
    box.className = "map-buttons";
    const acts: [string, string, () => void][] = [
      ["+", this.dataset["zoomIn"] ?? "", () => this.zoom(STEP)],
      ["−", this.dataset["zoomOut"] ?? "", () => this.zoom(1 / STEP)],
      ["⌂", this.dataset["reset"] ?? "", () => this.home()],
    ];
    for (const [sign, name, act] of acts) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = sign;
      button.title = name;
      button.setAttribute("aria-label", name);
      button.addEventListener("click", act);
      box.append(button);
    }
    return box;
  }

  private at(event: MouseEvent): [number, number] {
    const box = this.canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  private listen(): void {
    this.canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.zoom(Math.exp(-event.deltaY / 400), ...this.at(event));
    });
    this.canvas.addEventListener("pointerdown", (event) => {
      this.canvas.setPointerCapture(event.pointerId);
      if (this.touches.size === 0) this.travelled = 0;
      this.touches.set(event.pointerId, this.at(event));
    });
    this.canvas.addEventListener("pointermove", (event) => this.drag(event));
    this.canvas.addEventListener("pointerup", (event) => {
      if (this.touches.size === 1 && this.travelled < 5) this.onPoint(...this.at(event));
      this.touches.delete(event.pointerId);
    });
    this.canvas.addEventListener("pointercancel", (event) => this.touches.delete(event.pointerId));
    this.canvas.addEventListener("pointerleave", () => (this.tip.hidden = true));
    this.canvas.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (this.press(event.key)) {
        event.preventDefault();
        event.stopPropagation();
      }
    });
  }

  /** One finger or the mouse moves the map; two zoom it around the one that rests. */
  private drag(event: PointerEvent): void {
    const now = this.at(event);
    const before = this.touches.get(event.pointerId);
    if (!before) return this.onHover(...now);
    this.touches.set(event.pointerId, now);
    this.travelled += Math.abs(now[0] - before[0]) + Math.abs(now[1] - before[1]);
    const other = [...this.touches].find(([id]) => id !== event.pointerId)?.[1];
    if (!other) return this.move(now[0] - before[0], now[1] - before[1]);
    const apart = (one: [number, number]): number => Math.max(Math.hypot(one[0] - other[0], one[1] - other[1]), 1);
    this.zoom(apart(now) / apart(before), ...other);
  }

  private press(key: string): boolean {
    const moves: Record<string, [number, number]> = {
      ArrowLeft: [60, 0],
      ArrowRight: [-60, 0],
      ArrowUp: [0, 60],
      ArrowDown: [0, -60],
    };
    const move = moves[key];
    if (move) this.move(...move);
    else if (key === "+" || key === "=") this.zoom(STEP);
    else if (key === "-") this.zoom(1 / STEP);
    else if (key === "0") this.home();
    else return this.onKey(key);
    return true;
  }
}
