// Adds to a page that works without it: zoom and keys in enlarged pictures, tables that are sorted by a click.
"use strict";
(() => {
  const open = () => document.querySelector("figure:target");
  const hash = (id) => { location.hash = id; };
  let opener = null, view = null, whole = null;

  const show = (svg) => svg.setAttribute("viewBox", [view.x, view.y, view.w, view.h].join(" "));
  const hold = () => {
    view.x = Math.min(Math.max(view.x, 0), whole.w - view.w);
    view.y = Math.min(Math.max(view.y, 0), whole.h - view.h);
  };
  const at = (svg, event) => new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
  const zoom = (svg, factor, point) => {
    const w = Math.min(whole.w, Math.max(whole.w / 20, view.w / factor));
    const ratio = w / view.w;
    view = { x: point.x - (point.x - view.x) * ratio, y: point.y - (point.y - view.y) * ratio, w, h: view.h * ratio };
    hold();
    show(svg);
  };
  const middle = () => ({ x: view.x + view.w / 2, y: view.y + view.h / 2 });
  const move = (svg, dx, dy) => { view.x += dx; view.y += dy; hold(); show(svg); };
  const enter = (figure) => {
    const svg = figure.querySelector("svg.picture"), box = svg.viewBox.baseVal;
    whole = { w: box.width, h: box.height };
    view = { x: 0, y: 0, ...whole };
    figure.querySelector(".close").focus({ preventScroll: true });
  };
  const leave = (figure) => {
    figure.querySelector("svg.picture").setAttribute("viewBox", [0, 0, whole.w, whole.h].join(" "));
    const link = figure.querySelector("a.zoom");
    link.focus({ preventScroll: true });
    link.scrollIntoView({ block: "nearest" });
  };
  addEventListener("hashchange", () => {
    if (opener) leave(opener);
    opener = open();
    if (opener) enter(opener);
  });
  addEventListener("load", () => { // the address names its target only once the page is whole
    opener = open();
    if (opener) enter(opener);
  });

  const step = (by) => {
    const all = [...document.querySelectorAll(".viewer figure")];
    hash(all[(all.indexOf(open()) + by + all.length) % all.length].id);
  };
  addEventListener("keydown", (event) => {
    const figure = open();
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const toggle = [...document.querySelectorAll(".toggles input")].find((one) => one.dataset.key === event.key);
    if (toggle && !/^(TEXTAREA|SELECT)$/.test(event.target.tagName)) { toggle.click(); return; }
    if (!figure) return;
    const svg = figure.querySelector("svg.picture"), near = view.w < whole.w, part = view.w / 8;
    const keys = {
      Escape: () => hash(figure.id + "-at"),
      "+": () => zoom(svg, 1.4, middle()), "=": () => zoom(svg, 1.4, middle()), "-": () => zoom(svg, 1 / 1.4, middle()),
      0: () => zoom(svg, 1e-9, middle()),
      ArrowLeft: () => (near ? move(svg, -part, 0) : step(-1)), ArrowRight: () => (near ? move(svg, part, 0) : step(1)),
      ArrowUp: () => move(svg, 0, -part), ArrowDown: () => move(svg, 0, part),
    };
    if (keys[event.key]) { keys[event.key](); event.preventDefault(); }
  });

  const fingers = new Map();
  let spread = 0, moved = false;
  const inside = (event) => { const svg = event.target.closest("figure:target svg.picture"); return view && svg; };
  addEventListener("wheel", (event) => {
    const svg = inside(event);
    if (!svg) return;
    event.preventDefault();
    zoom(svg, Math.exp(-event.deltaY / 400), at(svg, event));
  }, { passive: false });
  addEventListener("pointerdown", (event) => {
    if (!inside(event)) return;
    fingers.set(event.pointerId, event);
    spread = 0;
    moved = false;
  });
  addEventListener("pointermove", (event) => {
    const svg = inside(event), before = fingers.get(event.pointerId);
    if (!svg || !before) return;
    fingers.set(event.pointerId, event);
    if (fingers.size === 2) {
      const [one, other] = fingers.values(), apart = Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY);
      const centre = { clientX: (one.clientX + other.clientX) / 2, clientY: (one.clientY + other.clientY) / 2 };
      if (spread) zoom(svg, apart / spread, at(svg, centre));
      spread = apart;
      moved = true;
    } else {
      const from = at(svg, before), to = at(svg, event);
      move(svg, from.x - to.x, from.y - to.y);
      moved ||= Math.hypot(event.movementX, event.movementY) > 2;
    }
  });
  for (const kind of ["pointerup", "pointercancel"]) addEventListener(kind, (event) => fingers.delete(event.pointerId));
  addEventListener("dragstart", (event) => { if (inside(event)) event.preventDefault(); });
  addEventListener("click", (event) => {
    const svg = inside(event);
    if (!svg) return;
    event.preventDefault(); // the link is that which enlarged it
    if (!moved) zoom(svg, view.w < whole.w ? 1e-9 : 2.5, at(svg, event));
  });

  const key = (cell) => {
    const text = cell.textContent.trim(), number = parseFloat(text.replace("−", "-").replaceAll(",", ""));
    return /^[-−+<]?[\d.,]+( ?(px|mm|%))?\*?$/.test(text) ? number : text;
  };
  const less = (one, other) => {
    const numbers = [one, other].map((value) => typeof value === "number");
    if (numbers[0] && numbers[1]) return one - other;
    if (numbers[0] || numbers[1]) return numbers[0] ? -1 : 1;
    return one.localeCompare(other, undefined, { numeric: true });
  };
  for (const table of document.querySelectorAll("table.sortable")) {
    table.querySelectorAll("thead th").forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const sign = head.ariaSort === "ascending" ? -1 : 1;
        table.querySelectorAll("thead th").forEach((one) => { one.ariaSort = null; });
        head.ariaSort = sign > 0 ? "ascending" : "descending";
        const rows = [...table.tBodies[0].rows].map((row) => [key(row.cells[column]), row]);
        rows.sort(([one], [other]) => {
          const gone = [one, other].map((value) => value === "n/a" || value === "–");
          return gone[0] || gone[1] ? gone[0] - gone[1] : sign * less(one, other);
        });
        table.tBodies[0].append(...rows.map(([, row]) => row));
      });
    });
  }

  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details.printed:not([open])")];
    for (const one of opened) one.open = true;
  });
  addEventListener("afterprint", () => { for (const one of opened) one.open = false; });
})();
