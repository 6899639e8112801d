// <dw-chart>: every channel of a shipment, one below the other on one time axis, with limits, gaps and alerts.
import uPlot from "uplot";
import type { Severity } from "./marks";
import { getJson, onTheme, token } from "./tokens";

interface Channel {
  device: string;
  sensor: string;
  quantity: string;
  at_ms: number[];
  low_milli: number[];
  high_milli: number[];
  gaps_ms: [number, number][];
  limits_milli: [number | null, number | null];
}

interface Alert {
  state: string;
  finding: { rule: string; severity: Severity; start_ms: number; end_ms?: number | null; sensor?: string };
}

const UNITS: Record<string, string> = { humidity: "% RH", pressure: "hPa", light: "lx", shock: "g", battery: "%", tilt: "°", radio: "dBm" };
const BUCKETS = 800;
const HEIGHTS: Record<string, number> = { temperature: 250 };
const TIMES = "{YYYY}-{MM}-{DD} {HH}:{mm}";

class Chart extends HTMLElement {
  private plots: uPlot[] = [];
  private channels: Channel[] = [];
  private alerts: Alert[] = [];
  private span: [number, number] | null = null;

  connectedCallback(): void {
    void this.load();
    document.addEventListener("dw:changed", () => void this.load());
    onTheme(() => this.build());
    new ResizeObserver(() => this.resize()).observe(this);
  }

  private async load(): Promise<void> {
    const span = this.span ? `&first_ms=${this.span[0]}&last_ms=${this.span[1]}` : "";
    const [channels, alerts] = await Promise.all([
      getJson<Channel[]>(`${this.getAttribute("src")}?buckets=${BUCKETS}${span}`),
      getJson<Alert[]>(this.getAttribute("alerts") ?? ""),
    ]);
    [this.channels, this.alerts] = [channels, alerts];
    this.build();
    this.setAttribute("ready", "");
  }

  private build(): void {
    for (const plot of this.plots) plot.destroy();
    this.plots = [];
    const parts = this.channels.map((channel) => {
      const part = document.createElement("div");
      part.className = "channel";
      part.append(this.head(channel));
      this.plots.push(this.plot(channel, part));
      return part;
    });
    this.replaceChildren(...parts, this.foot());
    this.resize();
  }

  private head(channel: Channel): HTMLElement {
    const head = document.createElement("h3");
    const names = JSON.parse(this.dataset["names"] ?? "{}") as Record<string, string>;
    const source = document.createElement("span");
    source.textContent = [channel.device, channel.sensor].filter(Boolean).join(" ");
    head.append(`${names[channel.quantity] ?? channel.quantity}, ${this.unit(channel)}`, source);
    return head;
  }

  private foot(): HTMLElement {
    const foot = document.createElement("p");
    foot.className = "chart-foot";
    const hint = document.createElement("span");
    hint.textContent = this.dataset["hint"] ?? "";
    const reset = document.createElement("button");
    reset.type = "button";
    reset.textContent = this.dataset["reset"] ?? "";
    reset.addEventListener("click", () => this.look(null));
    foot.append(hint, reset);
    return foot;
  }

  private unit(channel: Channel): string {
    if (channel.quantity !== "temperature") return UNITS[channel.quantity] ?? "";
    return `°${document.documentElement.dataset["unit"] ?? "C"}`;
  }

  /** Thousandths as what the reader likes to see. */
  private shown(channel: Channel, milli: number): number {
    const isFahrenheit = channel.quantity === "temperature" && this.unit(channel) === "°F";
    return isFahrenheit ? (milli / 1000) * 1.8 + 32 : milli / 1000;
  }

  private plot(channel: Channel, into: HTMLElement): uPlot {
    const [times, lows, highs] = this.columns(channel);
    const zone = this.getAttribute("zone") ?? "UTC";
    const number = new Intl.NumberFormat(document.documentElement.lang, { maximumFractionDigits: 1 });
    const line = { stroke: token("series"), width: 1.4, spanGaps: false, points: { show: false } };
    const axis = { stroke: token("quiet"), grid: { stroke: token("line"), width: 1 }, ticks: { stroke: token("line") } };
    const options: uPlot.Options = {
      width: Math.max(this.clientWidth, 240),
      height: HEIGHTS[channel.quantity] ?? 120,
      cursor: { sync: { key: `dw-${this.getAttribute("src")}` }, drag: { x: true, y: false } },
      legend: { show: channel.quantity === "temperature", live: true },
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), zone),
      scales: { x: { time: true }, y: { range: (_plot, low, high) => this.range(channel, low, high) } },
      series: [
        { value: TIMES, label: this.dataset["time"] ?? "" },
        { ...line, label: this.dataset["low"] ?? "", value: (_plot, value) => (value == null ? "–" : number.format(value)) },
        { ...line, label: this.dataset["high"] ?? "", value: (_plot, value) => (value == null ? "–" : number.format(value)) },
      ],
      bands: [{ series: [2, 1], fill: token("band") }],
      axes: [{ ...axis, values: [[86400, "{MM}-{DD}", null, null, null, null, null, null, 1], [3600, "{HH}:{mm}", "\n{MM}-{DD}", null, "\n{MM}-{DD}", null, null, null, 1], [60, "{HH}:{mm}", "\n{MM}-{DD}", null, "\n{MM}-{DD}", null, null, null, 1]] }, { ...axis, size: 54, space: channel.quantity === "temperature" ? 40 : 22, values: (_plot, splits) => splits.map((value) => number.format(value)) }],
      hooks: {
        drawClear: [(plot) => this.behind(plot, channel)],
        draw: [(plot) => this.above(plot, channel)],
        setSelect: [(plot) => this.select(plot)],
        ready: [(plot) => this.name(plot, channel)],
      },
    };
    const plot = new uPlot(options, [times, lows, highs], into);
    plot.over.addEventListener("dblclick", () => this.look(null));
    return plot;
  }

  private name(plot: uPlot, channel: Channel): void {
    const canvas = plot.root.querySelector("canvas");
    canvas?.setAttribute("role", "img");
    canvas?.setAttribute("aria-label", `${this.dataset["label"] ?? ""} ${channel.quantity} ${channel.device}`);
  }

  /** The columns, with a hole where nothing was observed: a line never bridges a gap. */
  private columns(channel: Channel): [number[], (number | null)[], (number | null)[]] {
    const rows: [number, number | null, number | null][] = channel.at_ms.map((at, place) => [
      at / 1000,
      this.shown(channel, channel.low_milli[place] ?? 0),
      this.shown(channel, channel.high_milli[place] ?? 0),
    ]);
    for (const [from, to] of channel.gaps_ms) rows.push([(from + to) / 2000, null, null]);
    rows.sort((one, other) => one[0] - other[0]);
    return [rows.map((row) => row[0]), rows.map((row) => row[1]), rows.map((row) => row[2])];
  }

  private range(channel: Channel, low: number | null, high: number | null): [number, number] {
    const limits = channel.limits_milli.filter((one) => one !== null).map((one) => this.shown(channel, one));
    const least = Math.min(low ?? 0, ...limits);
    const most = Math.max(high ?? 1, ...limits);
    const room = (most - least || 1) * 0.08;
    return [least - room, most + room];
  }

  private behind(plot: uPlot, channel: Channel): void {
    const { ctx: pen } = plot;
    const { left, top, width, height } = plot.bbox;
    pen.save();
    pen.beginPath();
    pen.rect(left, top, width, height);
    pen.clip();
    const [low, high] = channel.limits_milli;
    if (low !== null || high !== null) {
      const upper = high === null ? top : plot.valToPos(this.shown(channel, high), "y", true);
      const lower = low === null ? top + height : plot.valToPos(this.shown(channel, low), "y", true);
      pen.fillStyle = token("good-soft");
      pen.fillRect(left, upper, width, lower - upper);
      pen.strokeStyle = token("good");
      pen.setLineDash([6, 4]);
      pen.lineWidth = devicePixelRatio;
      for (const [limit, y] of [[high, upper], [low, lower]] as const) {
        if (limit === null) continue;
        pen.beginPath();
        pen.moveTo(left, y);
        pen.lineTo(left + width, y);
        pen.stroke();
      }
      pen.setLineDash([]);
    }
    for (const [from, to] of channel.gaps_ms) this.gap(plot, from, to);
    pen.restore();
  }

  private gap(plot: uPlot, from: number, to: number): void {
    const { ctx: pen } = plot;
    const { top, height } = plot.bbox;
    const [start, end] = [plot.valToPos(from / 1000, "x", true), plot.valToPos(to / 1000, "x", true)];
    pen.save();
    pen.beginPath();
    pen.rect(start, top, end - start, height);
    pen.clip();
    pen.fillStyle = token("gap");
    pen.fillRect(start, top, end - start, height);
    pen.strokeStyle = token("edge");
    pen.lineWidth = devicePixelRatio * 0.6;
    for (let x = start - height; x < end; x += 9 * devicePixelRatio) {
      pen.beginPath();
      pen.moveTo(x, top + height);
      pen.lineTo(x + height, top);
      pen.stroke();
    }
    if (end - start > 70 * devicePixelRatio) {
      pen.fillStyle = token("ink");
      pen.font = `${11 * devicePixelRatio}px system-ui, sans-serif`;
      pen.textAlign = "center";
      pen.fillText(this.dataset["gap"] ?? "", (start + end) / 2, top + 14 * devicePixelRatio);
    }
    pen.restore();
  }

  /** Alerts: a bar along the top over their time, with their shape at the start. */
  private above(plot: uPlot, channel: Channel): void {
    const { ctx: pen } = plot;
    const { left, top, width } = plot.bbox;
    const mine = this.alerts.filter((one) => one.state !== "retracted" && (!one.finding.sensor || channel.quantity === "temperature"));
    if (channel.quantity !== "temperature") return;
    for (const { finding } of mine) {
      const start = Math.max(left, plot.valToPos(finding.start_ms / 1000, "x", true));
      const until = finding.end_ms ? plot.valToPos(finding.end_ms / 1000, "x", true) : left + width;
      const end = Math.min(left + width, until);
      if (end < left || start > left + width) continue;
      pen.fillStyle = token(finding.severity);
      pen.fillRect(start, top, end - start, 4 * devicePixelRatio);
      pen.globalAlpha = 0.5;
      pen.fillRect(start, top, devicePixelRatio, plot.bbox.height);
      pen.globalAlpha = 1;
    }
  }

  private select(plot: uPlot): void {
    const { left, width } = plot.select;
    if (width < 8) return;
    const [from, to] = [plot.posToVal(left, "x"), plot.posToVal(left + width, "x")];
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    this.look([Math.round(from * 1000), Math.round(to * 1000)]);
  }

  /** A closer look asks the server again, so that no excursion is lost in a wide bucket. */
  private look(span: [number, number] | null): void {
    this.span = span;
    void this.load();
  }

  private resize(): void {
    for (const plot of this.plots) {
      const width = Math.max(this.clientWidth, 240);
      if (plot.width !== width) plot.setSize({ width, height: plot.height });
    }
  }
}

customElements.define("dw-chart", Chart);
