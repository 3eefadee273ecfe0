// Charts of the tables that stand below them. Each figure carries its numbers as JSON; without JavaScript only the tables are there.
"use strict";
(() => {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const lines = ["--chart-1", "--chart-2", "--chart-3", "--chart-4", "--chart-5", "--chart-6"];
  const dashes = [[], [6, 3], [2, 3], [9, 3, 2, 3], [12, 4], [4, 2]]; // colour alone must not tell them apart
  const shown = (v, unit) => v == null ? "–" : (unit === "%" ? (v * 100).toFixed(1) + " %" : v >= 100 ? v.toFixed(0) : v.toFixed(2)) + (unit && unit !== "%" ? " " + unit : "");

  // Moments at which something else began to judge: a worse agent and a new rule look alike without them.
  const marks = (list) => (u) => {
    const { ctx, bbox } = u;
    ctx.save();
    ctx.strokeStyle = ctx.fillStyle = color("--dim");
    ctx.lineWidth = devicePixelRatio;
    ctx.setLineDash([4 * devicePixelRatio, 4 * devicePixelRatio]);
    let last = -Infinity;
    list.forEach((m, i) => {
      const x = u.valToPos(m.at, "x", true);
      if (x < bbox.left || x > bbox.left + bbox.width) return;
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
      if (x - last < 14 * devicePixelRatio) return;
      last = x;
      ctx.font = 11 * devicePixelRatio + "px system-ui, sans-serif";
      ctx.fillText(String(i + 1), x + 3 * devicePixelRatio, bbox.top + 11 * devicePixelRatio);
    });
    ctx.restore();
  };

  const draw = (figure) => {
    const data = JSON.parse(figure.querySelector("script").textContent);
    const place = figure.querySelector(".plot");
    place.replaceChildren();
    const size = () => ({ width: Math.max(place.clientWidth, 200), height: place.clientWidth < 500 ? 220 : 280 });
    const series = [{ value: (u, v) => v == null ? "–" : new Date(v * 1000).toISOString().slice(0, 10) }];
    const columns = [data.x];
    const bands = [];
    data.series.forEach((s, i) => {
      const stroke = color(lines[i % lines.length]);
      columns.push(s.values);
      series.push({
        label: s.name, stroke, width: 2, dash: dashes[i % dashes.length], spanGaps: false, value: (u, v) => shown(v, data.unit),
        // What rests on few changes is a hollow point.
        points: { show: true, size: 7, stroke, fill: color("--paper"), filter: (u, si, show) => show === false ? null : s.values.map((v, k) => v == null || (!s.small[k] && s.values.length > 40) ? -1 : k).filter((k) => k >= 0) },
      });
    });
    if (data.series.length === 1 && data.series[0].low) {
      const s = data.series[0];
      const fill = color("--chart-band");
      columns.push(s.high, s.low);
      series.push({ label: "up to (95 %)", stroke: "transparent", points: { show: false }, value: (u, v) => shown(v, data.unit) }, { label: "from (95 %)", stroke: "transparent", points: { show: false }, value: (u, v) => shown(v, data.unit) });
      bands.push({ series: [2, 3], fill });
    }
    // What rests on few changes jumps; it does not set the scale where something else does.
    const firm = data.series.flatMap((s) => s.values.filter((v, k) => v != null && !s.small[k]));
    const any = data.series.flatMap((s) => s.values.filter((v) => v != null));
    const top = Math.max(...(firm.length ? firm : any), 0) * (bands.length ? 1.6 : 1.15) || 1;
    const axis = { stroke: color("--dim"), grid: { stroke: color("--line"), width: 1 }, ticks: { stroke: color("--line"), width: 1 }, font: "12px system-ui, sans-serif" };
    const chart = new uPlot({
      ...size(), tzDate: (s) => uPlot.tzDate(new Date(s * 1000), "Etc/UTC"), series, bands, cursor: { drag: { x: false, y: false } },
      scales: { y: { range: () => [0, top] } },
      axes: [axis, { ...axis, size: 62, values: (u, all) => all.map((v) => data.unit === "%" ? +(v * 100).toFixed(1) + " %" : v) }],
      hooks: { draw: [marks(data.marks || [])] },
    }, columns, place);
    return () => chart.setSize(size());
  };

  const fits = new Map();
  const watch = new ResizeObserver((list) => {
    for (const e of list) fits.get(e.target.closest("figure"))?.();
  });
  const all = () => {
    for (const figure of document.querySelectorAll("figure.chart")) {
      figure.hidden = false;
      fits.set(figure, draw(figure));
      watch.observe(figure.querySelector(".plot"));
    }
  };
  all();
  dark.addEventListener("change", all);
})();
