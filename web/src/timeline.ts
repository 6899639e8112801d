// <dw-timeline>: the facts of the list below it, as marks on a strip of time; a mark leads to its fact.
const SVG = "http://www.w3.org/2000/svg";
const HEIGHT = 58;

function make(name: string, attributes: Record<string, string | number>): SVGElement {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  return made;
}

class Timeline extends HTMLElement {
  connectedCallback(): void {
    this.draw();
    new ResizeObserver(() => this.draw()).observe(this);
  }

  private draw(): void {
    const items = [...this.querySelectorAll<HTMLElement>("li[data-at]")];
    const times = items.map((item) => Number(item.dataset["at"]));
    const [first, last] = [Math.min(...times), Math.max(...times)];
    const width = this.clientWidth;
    if (items.length < 2 || last === first || width === 0) return;
    const strip = make("svg", { class: "strip", role: "img", viewBox: `0 0 ${width} ${HEIGHT}`, "aria-label": this.dataset["label"] ?? "" });
    const x = (at: number): number => 8 + ((width - 16) * (at - first)) / (last - first);
    strip.append(make("line", { x1: 8, x2: width - 8, y1: 26, y2: 26 }));
    for (const item of items) strip.append(this.mark(item, x(Number(item.dataset["at"]))));
    for (const [at, anchor] of [[first, "start"], [last, "end"]] as const) {
      const text = make("text", { x: x(at), y: 52, "text-anchor": anchor });
      const item = items.find((one) => Number(one.dataset["at"]) === at);
      text.textContent = item?.querySelector("time")?.textContent ?? "";
      strip.append(text);
    }
    this.querySelector("svg")?.remove();
    this.prepend(strip);
  }

  private mark(item: HTMLElement, x: number): SVGElement {
    const type = item.dataset["type"] ?? "";
    const kind = type.startsWith("alert.") ? "alert-mark" : type.startsWith("disposition.") ? "decision-mark" : "fact-mark";
    const y = { "alert-mark": 14, "decision-mark": 14, "fact-mark": 26 }[kind] ?? 26;
    const shape = kind === "alert-mark" ? make("path", { d: `M${x} ${y - 7}l7 12h-14z` }) : make("circle", { cx: x, cy: y, r: kind === "fact-mark" ? 4 : 6 });
    shape.classList.add(kind);
    const title = make("title", {});
    title.textContent = item.querySelector(".what")?.textContent ?? "";
    shape.append(title);
    shape.addEventListener("click", () => {
      for (const one of this.querySelectorAll(".is-chosen")) one.classList.remove("is-chosen");
      item.classList.add("is-chosen");
      item.scrollIntoView({ block: "center" });
    });
    return shape;
  }
}

customElements.define("dw-timeline", Timeline);
