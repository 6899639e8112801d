// A map on a canvas: pan, zoom, keyboard. It draws in milliseconds without a graphics card.
import { geoEqualEarth, geoPath, type GeoProjection } from "d3-geo";
import { loadLand, type Land } from "./land";
import { onTheme, token } from "./tokens";

const STEP = 1.5;
const MOST = 400;
const SETTLE_MS = 90;

/** Base of the maps: `draw` puts what a map shows over the land. */
export abstract class CanvasMap extends HTMLElement {
  protected readonly canvas = document.createElement("canvas");
  protected readonly tip = document.createElement("div");
  protected projection: GeoProjection = geoEqualEarth();
  protected view = { k: 1, x: 0, y: 0 };
  protected size = { width: 0, height: 0 };
  private land: Land | null = null;
  private readonly ground = document.createElement("canvas");
  private groundView = { k: 1, x: 0, y: 0 };
  private frame = 0;
  private settling = 0;
  private drag: { x: number; y: number; moved: number } | null = null;

  /** Draws what the map shows, over the land. */
  protected abstract draw(pen: CanvasRenderingContext2D): void;
  /** Fetches what the map shows. */
  protected abstract load(): Promise<void>;
  /** Shows all of it. */
  protected abstract home(): void;
  protected onPoint(_x: number, _y: number): void {}
  protected onHover(_x: number, _y: number): void {}
  protected onKey(_key: string): boolean {
    return false;
  }

  connectedCallback(): void {
    this.canvas.tabIndex = 0;
    this.canvas.setAttribute("role", "application");
    this.canvas.setAttribute("aria-label", this.dataset["label"] ?? "");
    this.tip.className = "map-tip";
    this.tip.hidden = true;
    this.tip.setAttribute("role", "status");
    this.replaceChildren(this.canvas, this.tip, this.buttons());
    this.listen();
    new ResizeObserver(() => this.resize()).observe(this);
    onTheme(() => this.repaint());
    document.addEventListener("dw:changed", () => void this.load().then(() => this.redraw()));
    void Promise.all([loadLand(this.getAttribute("land") ?? ""), this.load()]).then(([land]) => {
      this.land = land;
      this.resize();
      this.setAttribute("ready", "");
    });
  }

  /** Where a position is on the canvas; null where the projection does not show it. */
  protected place(longitude: number, latitude: number): [number, number] | null {
    const at = this.projection([longitude, latitude]);
    return at ? [at[0] * this.view.k + this.view.x, at[1] * this.view.k + this.view.y] : null;
  }

  protected redraw(): void {
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.render());
  }

  /** Shows a box of the unzoomed map, with a margin around it. */
  protected show(box: [[number, number], [number, number]], most: number): void {
    const [[left, top], [right, bottom]] = box;
    const margin = 36;
    const k = Math.min(
      (this.size.width - 2 * margin) / Math.max(right - left, 1e-6),
      (this.size.height - 2 * margin) / Math.max(bottom - top, 1e-6),
      most,
    );
    this.view = {
      k: Math.max(k, 0.5),
      x: this.size.width / 2 - (Math.max(k, 0.5) * (left + right)) / 2,
      y: this.size.height / 2 - (Math.max(k, 0.5) * (top + bottom)) / 2,
    };
    this.repaint();
  }

  protected zoom(by: number, x = this.size.width / 2, y = this.size.height / 2): void {
    const k = Math.min(MOST, Math.max(0.8, this.view.k * by));
    const ratio = k / this.view.k;
    this.view = { k, x: x - (x - this.view.x) * ratio, y: y - (y - this.view.y) * ratio };
    this.changed();
  }

  protected move(x: number, y: number): void {
    this.view = { ...this.view, x: this.view.x + x, y: this.view.y + y };
    this.changed();
  }

  private changed(): void {
    this.tip.hidden = true;
    this.redraw();
    clearTimeout(this.settling);
    this.settling = window.setTimeout(() => this.repaint(), SETTLE_MS);
  }

  private repaint(): void {
    this.paintGround();
    this.redraw();
  }

  private resize(): void {
    const { width, height } = this.getBoundingClientRect();
    if (!this.land || width === 0) return;
    this.size = { width, height };
    for (const one of [this.canvas, this.ground]) {
      one.width = Math.round(width * devicePixelRatio);
      one.height = Math.round(height * devicePixelRatio);
    }
    this.projection.fitExtent([[6, 6], [width - 6, height - 6]], { type: "Sphere" });
    this.home();
    this.repaint();
  }

  /** The land takes up to 70 ms to draw without a graphics card, so it is kept, and moved while a hand moves it. */
  private paintGround(): void {
    const pen = this.ground.getContext("2d");
    if (!pen || !this.land) return;
    const { k, x, y } = this.view;
    const path = geoPath(this.projection, pen);
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.fillStyle = token("sea");
    pen.fillRect(0, 0, this.ground.width, this.ground.height);
    pen.setTransform(k * devicePixelRatio, 0, 0, k * devicePixelRatio, x * devicePixelRatio, y * devicePixelRatio);
    pen.beginPath();
    path(this.land.land);
    pen.fillStyle = token("land");
    pen.fill();
    pen.beginPath();
    path(this.land.borders);
    pen.strokeStyle = token("border");
    pen.lineWidth = 0.8 / k;
    pen.stroke();
    this.groundView = { ...this.view };
  }

  private render(): void {
    const pen = this.canvas.getContext("2d");
    if (!pen) return;
    const ratio = this.view.k / this.groundView.k;
    const x = this.view.x - this.groundView.x * ratio;
    const y = this.view.y - this.groundView.y * ratio;
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.fillStyle = token("sea");
    pen.fillRect(0, 0, this.canvas.width, this.canvas.height);
    pen.setTransform(ratio, 0, 0, ratio, x * devicePixelRatio, y * devicePixelRatio);
    pen.drawImage(this.ground, 0, 0);
    pen.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    this.draw(pen);
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

  private listen(): void {
    const at = (event: MouseEvent): [number, number] => {
      const box = this.canvas.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    };
    this.canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.zoom(Math.exp(-event.deltaY / 400), ...at(event));
    });
    this.canvas.addEventListener("pointerdown", (event) => {
      this.canvas.setPointerCapture(event.pointerId);
      this.drag = { x: event.clientX, y: event.clientY, moved: 0 };
    });
    this.canvas.addEventListener("pointermove", (event) => {
      if (!this.drag) return this.onHover(...at(event));
      const [x, y] = [event.clientX - this.drag.x, event.clientY - this.drag.y];
      this.drag = { x: event.clientX, y: event.clientY, moved: this.drag.moved + Math.abs(x) + Math.abs(y) };
      this.move(x, y);
    });
    this.canvas.addEventListener("pointerup", (event) => {
      if (this.drag && this.drag.moved < 5) this.onPoint(...at(event));
      this.drag = null;
    });
    this.canvas.addEventListener("pointerleave", () => (this.tip.hidden = true));
    this.canvas.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (this.press(event.key)) {
        event.preventDefault();
        event.stopPropagation();
      }
    });
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
