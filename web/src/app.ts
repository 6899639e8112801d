// What every page loads. Without it everything works by plain links and forms.
import "htmx.org/dist/htmx.esm.js";
import "./chart";
import "./overview";
import "./route";
import "./timeline";
import { listen as listenToKeys } from "./keys";
import { listen as listenToFacts } from "./live";

document.documentElement.classList.add("scripted");
listenToKeys();
listenToFacts();

for (const button of document.querySelectorAll<HTMLElement>("[data-open]")) {
  button.addEventListener("click", () => document.querySelector<HTMLDialogElement>(`#${button.dataset["open"]}`)?.showModal());
}
for (const button of document.querySelectorAll<HTMLElement>("[data-print]")) {
  button.addEventListener("click", () => print());
}
// A menu closes when somebody looks elsewhere.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll<HTMLDetailsElement>("details.menu[open]")) {
    if (!menu.contains(event.target as Node)) menu.open = false;
  }
});
