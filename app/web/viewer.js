// Two pictures and a map over each other: uncover, flicker, zoom to single pixels. Runs once for the component that
// results are put into; `element` is that component.
const LARGEST_PIXEL = 16;
const FLICKER_MS = 500;

const clamp = (value, low, high) => Math.min(high, Math.max(low, value));
const part = (figure, name) => figure.querySelector(`[data-part=${name}]`);
const figureOf = (event) => event.target.closest && event.target.closest(".dm-viewer");

// Of the viewer before, whose view the next one of the same series begins with.
let before = { series: "" };

function state(figure) {
  if (!figure.view) {
    const { series } = figure.dataset;
    const { zoom, x, y, split } = series && series === before.series ? before.view : { zoom: 1, x: 0, y: 0, split: 0.5 };
    figure.view = { zoom, x, y, split, shown: null, pointers: new Map(), timer: 0 };
    before = { series, view: figure.view };
  }
  return figure.view;
}

function pixelsAt1(figure) {
  return part(figure, "second").naturalWidth / part(figure, "window").clientWidth || 1;
}

function draw(figure) {
  const view = state(figure);
  const frame = part(figure, "window");
  const [width, height] = [frame.clientWidth, frame.clientHeight];
  view.x = clamp(view.x, width * (1 - view.zoom), 0);
  view.y = clamp(view.y, height * (1 - view.zoom), 0);
  part(figure, "plane").style.transform = `translate(${view.x}px, ${view.y}px) scale(${view.zoom})`;
  const scale = view.zoom / pixelsAt1(figure);
  part(figure, "plane").classList.toggle("dm-pixels", scale >= 2);
  const split = view.shown === null ? view.split : view.shown;
  const covered = (split * width - view.x) / view.zoom;
  part(figure, "second").style.clipPath = `inset(0 0 0 ${covered}px)`;
  part(figure, "divider").style.left = `${100 * split}%`;
  part(figure, "divider").hidden = view.shown !== null;
  part(figure, "first-name").hidden = view.shown === 0;
  part(figure, "second-name").hidden = view.shown === 1;
  part(figure, "scale").textContent = view.zoom === 1 ? "fit" : `${Math.round(100 * scale)} %`;
  part(figure, "split").value = 100 * view.split;
  frame.style.touchAction = view.zoom > 1 ? "none" : "pan-y";
}

function zoomTo(figure, zoom, x, y) {
  const view = state(figure);
  const frame = part(figure, "window");
  const [atX, atY] = [x ?? frame.clientWidth / 2, y ?? frame.clientHeight / 2];
  const next = clamp(zoom, 1, Math.max(1, LARGEST_PIXEL * pixelsAt1(figure)));
  view.x = atX - ((atX - view.x) * next) / view.zoom;
  view.y = atY - ((atY - view.y) * next) / view.zoom;
  view.zoom = next;
  draw(figure);
}

function flicker(figure) {
  const view = state(figure);
  const begins = view.timer === 0;
  clearInterval(view.timer);
  view.timer = 0;
  view.shown = null;
  if (begins) {
    view.shown = 0;
    view.timer = setInterval(() => {
      if (!figure.isConnected) return clearInterval(view.timer);
      view.shown = 1 - view.shown;
      draw(figure);
    }, FLICKER_MS);
  }
  part(figure, "flicker").setAttribute("aria-pressed", begins);
  draw(figure);
}

function paint(figure) {
  const chosen = part(figure, "layer").value;
  for (const map of figure.querySelectorAll("[data-layer]")) {
    map.hidden = map.dataset.layer !== chosen;
    map.style.opacity = part(figure, "opacity").value / 100;
  }
}

// Images tell nobody but themselves that they are there, unless one listens on the way down.
element.addEventListener("load", (event) => figureOf(event) && draw(figureOf(event)), true);

const ACTIONS = {
  in: (figure) => zoomTo(figure, 2 * state(figure).zoom),
  out: (figure) => zoomTo(figure, state(figure).zoom / 2),
  fit: (figure) => zoomTo(figure, 1),
  flicker,
};

element.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-part]");
  if (button && figureOf(event)) ACTIONS[button.dataset.part](figureOf(event));
});

element.addEventListener("input", (event) => {
  const figure = figureOf(event);
  if (!figure) return;
  if (event.target.dataset.part === "split") {
    state(figure).split = event.target.value / 100;
    draw(figure);
  } else paint(figure);
});

element.addEventListener("keydown", (event) => {
  const figure = figureOf(event);
  if (!figure || event.ctrlKey || event.metaKey || event.altKey) return;
  const view = state(figure);
  const step = 40;
  const keys = {
    f: () => flicker(figure),
    "+": () => ACTIONS.in(figure),
    "=": () => ACTIONS.in(figure),
    "-": () => ACTIONS.out(figure),
    0: () => ACTIONS.fit(figure),
  };
  if (event.target === part(figure, "window")) {
    const move = (x, y) => () => {
      if (view.zoom > 1) [view.x, view.y] = [view.x + x, view.y + y];
      else view.split = clamp(view.split - x / 1000, 0, 1);
      draw(figure);
    };
    Object.assign(keys, {
      ArrowLeft: move(step, 0),
      ArrowRight: move(-step, 0),
      ArrowUp: move(0, step),
      ArrowDown: move(0, -step),
    });
  } else if (/^(INPUT|SELECT)$/.test(event.target.tagName) && !keys[event.key]) return;
  const act = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!act) return;
  event.preventDefault();
  act();
});

element.addEventListener(
  "wheel",
  (event) => {
    const figure = figureOf(event);
    const frame = event.target.closest("[data-part=window]");
    // Scrolling the page stays what it is until the picture is looked at: focused, or pinched.
    if (!figure || !frame || !(event.ctrlKey || document.activeElement === frame)) return;
    event.preventDefault();
    const box = frame.getBoundingClientRect();
    zoomTo(figure, state(figure).zoom * 2 ** (-event.deltaY / 200), event.clientX - box.left, event.clientY - box.top);
  },
  { passive: false },
);

element.addEventListener("pointerdown", (event) => {
  const frame = event.target.closest("[data-part=window]");
  if (!frame) return;
  const view = state(figureOf(event));
  view.pointers.set(event.pointerId, event);
  const box = frame.getBoundingClientRect();
  view.dragsDivider = view.zoom === 1 || Math.abs(event.clientX - box.left - view.split * box.width) < 20;
  if (event.pointerType === "mouse" || view.zoom > 1 || view.dragsDivider) frame.setPointerCapture(event.pointerId);
});

element.addEventListener("pointermove", (event) => {
  const figure = figureOf(event);
  const view = figure && state(figure);
  const before = view && view.pointers.get(event.pointerId);
  if (!before) return;
  const frame = part(figure, "window");
  const box = frame.getBoundingClientRect();
  view.pointers.set(event.pointerId, event);
  if (view.pointers.size === 2) {
    const other = [...view.pointers.values()].find((one) => one.pointerId !== event.pointerId);
    const apart = (one) => Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY) || 1;
    const middle = [(event.clientX + other.clientX) / 2 - box.left, (event.clientY + other.clientY) / 2 - box.top];
    zoomTo(figure, (view.zoom * apart(event)) / apart(before), ...middle);
  } else if (view.dragsDivider) {
    view.split = clamp((event.clientX - box.left) / box.width, 0, 1);
    draw(figure);
  } else {
    view.x += event.clientX - before.clientX;
    view.y += event.clientY - before.clientY;
    draw(figure);
  }
});

for (const end of ["pointerup", "pointercancel"])
  element.addEventListener(end, (event) => {
    const figure = figureOf(event);
    if (figure) state(figure).pointers.delete(event.pointerId);
  });

element.addEventListener("dblclick", (event) => {
  const frame = event.target.closest("[data-part=window]");
  if (!frame) return;
  const figure = figureOf(event);
  const box = frame.getBoundingClientRect();
  const zoom = state(figure).zoom > 1 ? 1 : Math.max(2, 4 * pixelsAt1(figure));
  zoomTo(figure, zoom, event.clientX - box.left, event.clientY - box.top);
});
