// What the browser does by itself: times in the reader's zone, and charts out of the data beside them.
(() => {
  "use strict";

  // ---- times ----

  const FORMATS = {
    full: { dateStyle: "medium", timeStyle: "short" },
    short: { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" },
    hour: { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" },
    day: { weekday: "short", day: "numeric", month: "short" },
  };
  const STEPS = [["year", 31536000], ["month", 2592000], ["week", 604800], ["day", 86400], ["hour", 3600], ["minute", 60]];
  const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });

  function format(moment, style) {
    return new Intl.DateTimeFormat(undefined, FORMATS[style]).format(moment);
  }

  function ago(moment) {
    const seconds = (moment.getTime() - Date.now()) / 1000;
    const step = STEPS.find(([, size]) => Math.abs(seconds) >= size);
    return step ? relative.format(Math.round(seconds / step[1]), step[0]) : "just now";
  }

  function showTime(element) {
    // A day has no zone: it is shown as it is, at noon so that no zone moves it.
    const text = element.dateTime;
    const moment = new Date(text.includes("T") ? text : `${text}T12:00:00`);
    const style = element.dataset.style || "full";
    element.title = text.includes("T") ? format(moment, "full") : "";
    element.textContent = style === "relative" ? ago(moment) : format(moment, style);
  }

  function showTimes(root) {
    root.querySelectorAll("time[datetime]").forEach(showTime);
  }

  // ---- charts ----

  const looks = getComputedStyle(document.documentElement);
  const look = (name) => looks.getPropertyValue(`--chart-${name}`).trim();
  const count = (number) => (number === null || number === undefined ? "–" : number.toLocaleString());
  const DAY = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
  const short = new Intl.NumberFormat(undefined, { notation: "compact", maximumFractionDigits: 1 });

  function axes(data) {
    const font = `12px ${getComputedStyle(document.body).fontFamily}`;
    const common = { stroke: look("text"), font, ticks: { show: false } };
    return [
      { ...common, grid: { show: false }, space: 72, size: 30, gap: 8, values: ticks, ...(data.step === "day" ? { splits: everyFewDays(data), values: (_, days) => days.map((day) => DAY.format(new Date(day * 1000))) } : {}) },
      {
        ...common, grid: { stroke: look("grid"), width: 1 }, size: 44, gap: 6,
        incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6],
        values: (_, numbers) => numbers.map((number) => short.format(Math.abs(number))),
      },
    ];
  }

  function ticks(_, seconds, __, ___, step) {
    const style = step < 86400 ? { hour: "numeric", minute: "2-digit" } : { day: "numeric", month: "short" };
    const formatter = new Intl.DateTimeFormat(undefined, style);
    return seconds.map((second) => {
      const moment = new Date(second * 1000);
      return step < 86400 && moment.getHours() === 0 ? DAY.format(moment) : formatter.format(moment);
    });
  }

  // A bar is as wide as its step, half of it on either side of its time.
  function aroundBars(data) {
    const [times] = data.columns;
    const half = times.length > 1 ? (times[1] - times[0]) / 2 : 43200;
    return () => [times[0] - half, times[times.length - 1] + half];
  }

  // Days are named below their own bars, as many as there is room for.
  function everyFewDays(data) {
    const [times] = data.columns;
    return (plot) => {
      const step = Math.max(1, Math.ceil((times.length * 72) / Math.max(plot.over.clientWidth, 72)));
      return times.filter((_, index) => (times.length - 1 - index) % step === 0);
    };
  }

  // From zero, also when there is nothing to show yet.
  function fromZero(_, low, high) {
    return [low < 0 ? low * 1.1 : 0, Math.max(high * 1.08, low < 0 ? 1 : 4)];
  }

  const KINDS = {
    hours: (data) => [
      { label: "Messages", stroke: look("1"), fill: look("1-fill"), width: 2, points: { show: false } },
      { label: "Before", stroke: look("before"), width: 1.5, dash: [5, 4], points: { show: false }, show: data.columns.length > 2 },
    ],
    bars: () => [
      { label: "Messages", stroke: look("1"), fill: look("1"), width: 0, paths: uPlot.paths.bars({ size: [0.72, 40], radius: 0.18 }), points: { show: false } },
      { label: "Before", stroke: look("before"), width: 1.5, dash: [5, 4], points: { show: false } },
    ],
    members: () => [
      { label: "Joins", stroke: look("good"), fill: look("good"), width: 0, paths: uPlot.paths.bars({ size: [0.6, 32], radius: 0.2 }), points: { show: false } },
      { label: "Leaves", stroke: look("bad"), fill: look("bad"), width: 0, paths: uPlot.paths.bars({ size: [0.6, 32], radius: 0.2 }), points: { show: false } },
    ],
  };

  function hint(chart, data) {
    const box = document.createElement("div");
    box.className = "hint";
    box.hidden = true;
    chart.querySelector(".plot").append(box);
    return (plot) => {
      const { idx, left, top } = plot.cursor;
      box.hidden = idx === null || idx === undefined || left < 0;
      if (box.hidden) return;
      const moment = new Date(data.columns[0][idx] * 1000);
      const title = document.createElement("b");
      title.textContent = format(moment, data.step === "day" ? "day" : "hour");
      const lines = data.labels.map((label, index) => {
        const line = document.createElement("div");
        line.textContent = `${label}: ${count(Math.abs(data.columns[index + 1][idx]))}`;
        return line;
      });
      box.replaceChildren(title, ...lines);
      const over = plot.over;
      const x = over.offsetLeft + left;
      const flip = x + box.offsetWidth + 24 > over.offsetLeft + over.offsetWidth;
      box.style.left = `${flip ? x - box.offsetWidth - 14 : x + 14}px`;
      box.style.top = `${Math.max(0, Math.min(top, over.offsetHeight - box.offsetHeight))}px`;
    };
  }

  function draw(chart) {
    if (chart.dataset.ready !== undefined) return;
    const data = JSON.parse(chart.querySelector('script[type="application/json"]').textContent);
    const place = chart.querySelector(".plot");
    const size = () => ({ width: Math.max(place.clientWidth, 120), height: place.clientHeight });
    const options = {
      ...size(),
      legend: { show: false },
      // The name of the last hour stands below the middle of its bar, and is wider than that.
      padding: [10, chart.dataset.chart === "bars" ? 26 : 8, 0, 0],
      cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 } },
      scales: { x: { time: true, ...(chart.dataset.chart === "hours" ? {} : { range: aroundBars(data) }) }, y: { range: fromZero } },
      axes: axes(data),
      series: [{}, ...KINDS[chart.dataset.chart](data)].slice(0, data.columns.length),
      hooks: { setCursor: [hint(chart, data)] },
    };
    const plot = new uPlot(options, data.columns, place);
    const observer = new ResizeObserver(() => plot.setSize(size()));
    observer.observe(place);
    chart.dataset.ready = "";
    chart.addEventListener("redraw", () => {
      observer.disconnect();
      plot.destroy();
      place.replaceChildren();
      delete chart.dataset.ready;
      draw(chart);
    }, { once: true });
  }

  // The canvas knows no stylesheet: in another light it is drawn again.
  function redraw() {
    document.querySelectorAll("[data-chart][data-ready]").forEach((chart) => chart.dispatchEvent(new Event("redraw")));
  }

  // ---- the configuration ----

  // Select what is wrong, from its column to the end of its line, and bring it into view.
  function showMistake(root) {
    const mistake = root.querySelector("#mistake[data-line]");
    const area = root.querySelector("textarea.code");
    if (!mistake || !area) return;
    const lines = area.value.split("\n");
    const line = Number(mistake.dataset.line) - 1;
    const before = lines.slice(0, line).reduce((sum, text) => sum + text.length + 1, 0);
    const start = before + Number(mistake.dataset.column) - 1;
    area.focus();
    area.setSelectionRange(start, Math.max(start + 1, before + (lines[line] || "").length));
    area.scrollTop = Math.max(0, line - 4) * parseFloat(getComputedStyle(area).lineHeight);
  }

  function show(root) {
    showTimes(root);
    showMistake(root);
    root.querySelectorAll("[data-chart]").forEach(draw);
  }

  // ---- pages and panels ----

  function say(element, message) {
    const note = document.createElement("div");
    note.className = "notice warn";
    note.setAttribute("role", "status");
    const text = document.createElement("p");
    text.textContent = message;
    note.append(text);
    element.replaceWith(note);
  }

  document.addEventListener("DOMContentLoaded", () => show(document));
  document.addEventListener("htmx:load", (event) => show(event.detail.elt.parentElement || document));
  document.addEventListener("htmx:sendError", (event) => say(event.detail.elt, "The dashboard can't be reached at the moment. Load the page again in a minute."));
  document.addEventListener("htmx:timeout", (event) => say(event.detail.elt, "This takes too long at the moment. Load the page again in a minute."));
  document.addEventListener("htmx:responseError", (event) => say(event.detail.elt, "Something went wrong here. Load the page again."));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
})();
