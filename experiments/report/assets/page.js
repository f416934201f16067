"use strict";
// The script of an ooovm report: line figures, CPI stacks and the table of points, drawn from the page's own data.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const {axes, metrics, stack, points} = data;

  // Okabe and Ito's palette and the dashes of experiments/plot: the same series look the same on paper.
  const palette = ["#0072b2", "#d55e00", "#009e73", "#e69f00", "#56b4e9", "#cc79a7", "#f0e442", "#000000"];
  const dashes = [[], [8, 4], [2, 3], [8, 3, 2, 3], [14, 4], [4, 4]];
  const color = i => palette[i % palette.length];
  const faded = c => c + "2a";

  const byId = id => document.getElementById(id);

  function element(tag, properties = {}, ...children) {
    const e = Object.assign(document.createElement(tag), properties);
    e.append(...children);
    return e;
  }

  // format writes a number with so many significant digits, whole above a thousand.
  function format(x, digits = 4) {
    if (x === null || x === undefined) return "–";
    if (Number.isInteger(x)) return Math.abs(x) < 1e4 ? String(x) : x.toLocaleString("en").replaceAll(",", "\u202f");
    if (Math.abs(x) >= 1000) return format(Math.round(x));
    return Math.abs(x) < 1e-4 ? x.toExponential(digits - 1) : x.toPrecision(digits);
  }

  function select(label, options, chosen, changed) {
    const s = element("select", {onchange: () => changed(s.value)});
    options.forEach(([value, text]) => s.append(element("option", {value, textContent: text, selected: value === chosen})));
    return element("label", {}, label, s);
  }

  // setting keeps one value of every axis that a figure does not spread out. Where the results have no such cell it
  // takes the first that they have.
  function reconcile(fixed, spread, cells) {
    const matches = c => c.at.every((v, i) => spread.includes(i) || fixed[i] === v);
    if (cells.length > 0 && !cells.some(matches)) cells[0].at.forEach((v, i) => { fixed[i] = v; });
  }

  function fixedControls(into, fixed, spread, changed) {
    axes.forEach((axis, i) => {
      if (spread.includes(i)) return;
      into.append(select(axis.name, axis.values.map((_, k) => [String(k), axis.labels[k]]), String(fixed[i]), v => {
        fixed[i] = Number(v);
        changed();
      }));
    });
  }

  const fixedText = (fixed, spread) => {
    const parts = axes.map((axis, i) => spread.includes(i) ? "" : `${axis.name} = ${axis.labels[fixed[i]]}`).filter(Boolean);
    return parts.length ? " At " + parts.join(", ") + "." : "";
  };

  // ---- lines

  function lines() {
    const controls = byId("line-controls"), figure = byId("line-figure"), caption = byId("line-caption");
    if (axes.length === 0 || metrics.length === 0) {
      caption.textContent = axes.length === 0 ? "Nothing varies that lines could be drawn over." : "No point has a right result.";
      return;
    }
    // At first a metric that every setting has, and that compares machines rather than sizes of blocks.
    const most = Math.max(...metrics.map(m => m.cells.length));
    const first = ["uipc", "speedup", "ipc"].map(name => metrics.find(m => m.name === name && m.cells.length === most)).find(Boolean) || metrics[0];
    const state = {
      metric: first.name,
      x: Math.max(0, axes.findIndex(a => a.numbers || a.name === "cores")),
      series: -1,
      fixed: axes.map(() => 0),
      plot: null,
    };
    // And the series, with the setting of the other axes, that show the most of it; a few settings will do to find them.
    let best = 0;
    axes.forEach((_, s) => {
      if (s === state.x) return;
      for (const anchor of first.cells.slice(0, 64)) {
        const n = first.cells.filter(c => c.at.every((v, i) => i === state.x || i === s || v === anchor.at[i])).length;
        if (n > best) [best, state.series, state.fixed] = [n, s, [...anchor.at]];
      }
    });

    function draw() {
      const metric = metrics.find(m => m.name === state.metric);
      const spread = [state.x, state.series];
      reconcile(state.fixed, spread, metric.cells);
      controls.replaceChildren(
        select("metric", metrics.map(m => [m.name, m.unit ? `${m.name} (${m.unit})` : m.name]), state.metric, v => { state.metric = v; draw(); }),
        select("x axis", axes.map((a, i) => [String(i), a.name]), String(state.x), v => {
          state.x = Number(v);
          if (state.series === state.x) state.series = -1;
          draw();
        }),
        select("series", [["-1", "one line"], ...axes.map((a, i) => [String(i), a.name]).filter(([i]) => Number(i) !== state.x)], String(state.series), v => {
          state.series = Number(v);
          draw();
        }));
      fixedControls(controls, state.fixed, spread, draw);

      const axis = axes[state.x];
      const order = axis.values.map((_, i) => i);
      if (axis.numbers) order.sort((a, b) => Number(axis.values[a]) - Number(axis.values[b]));
      const xs = order.map((v, i) => axis.numbers ? Number(axis.values[v]) : i);
      const every = Math.ceil(xs.length / 20), ticks = xs.filter((_, i) => i % every === 0); // labels need room
      const groups = state.series < 0 ? [-1] : axes[state.series].values.map((_, i) => i);
      const columns = [xs], series = [{label: axis.name, value: (_, x) => x === null ? "–" : xName(axis, x, order)}], bands = [];
      groups.forEach((group, g) => {
        const found = order.map(v => metric.cells.find(c => c.at.every((p, i) =>
          i === state.x ? p === v : i === state.series ? p === group : p === state.fixed[i])));
        if (!found.some(Boolean)) return;
        const label = group < 0 ? metric.label : axes[state.series].labels[group];
        const at = columns.length, stroke = color(g);
        columns.push(found.map(c => c ? c.value : null), found.map(c => c ? c.high : null), found.map(c => c ? c.low : null));
        series.push(
          {label, stroke, width: 2, dash: dashes[g % dashes.length], points: {show: xs.length <= 60, size: 7, fill: stroke}, value: (u, _, s, i) => interval(u, s, i), spanGaps: true},
          {stroke: "transparent", points: {show: false}, label: label + " high", spanGaps: true},
          {stroke: "transparent", points: {show: false}, label: label + " low", spanGaps: true});
        bands.push({series: [at + 1, at + 2], fill: faded(stroke)});
      });
      if (state.plot) state.plot.destroy();
      const unit = metric.unit ? ` (${metric.unit})` : "";
      state.plot = new uPlot({
        width: Math.max(320, figure.clientWidth), height: 380, series, bands,
        cursor: {drag: {x: false, y: false}},
        scales: {
          x: {time: false, distr: axis.numbers && axis.log2 ? 3 : 1, log: 2, range: (_, low, high) => padded(low, high, axis)},
          y: {range: (_, low, high) => [Math.min(0, low), high > 0 ? high * 1.06 : 1]},
        },
        axes: [
          {label: axis.name, labelSize: 22, splits: () => ticks, values: (_, at) => at.map(x => xName(axis, x, order)), grid: {show: false}, ticks: {size: 5}},
          {label: metric.label + unit, labelSize: 26, size: 64, values: (_, at) => at.map(y => y === null ? "" : Math.abs(y) < 1000 ? String(Number(y.toPrecision(6))) : format(y)), grid: {stroke: "#e4e8ec", width: 1}},
        ],
      }, columns, figure);
      // The bounds of a band are no lines of their own: the legend does not list them.
      figure.querySelectorAll(".u-legend .u-series").forEach((row, i) => { if (i > 0 && (i - 1) % 3 !== 0) row.style.display = "none"; });
      const counts = metric.cells.map(c => c.blocks), least = Math.min(...counts), most = Math.max(...counts);
      caption.textContent = `${metric.label}${unit} = ${metric.formula}, ${metric.mean} over blocks, n = ${least === most ? most : least + " to " + most}` +
        (most > 1 ? ", band: 95 % interval by bootstrap over blocks." : ".") +
        (metric.baseline ? ` Baseline: ${metric.baseline}.` : "") + fixedText(state.fixed, spread) + (axis.with.length ? ` With ${axis.name} also ${axis.with.join(", ")}.` : "");
    }

    const xName = (axis, x, order) => axis.numbers ? String(x) : order[x] === undefined ? "" : axis.labels[order[x]];

    function interval(u, s, i) {
      if (i === null || i === undefined) return "–";
      const [y, high, low] = [u.data[s][i], u.data[s + 1][i], u.data[s + 2][i]];
      return low === null || low === undefined ? format(y) : `${format(y)} [${format(low)}, ${format(high)}]`;
    }

    function padded(low, high, axis) {
      if (axis.numbers && axis.log2) return [low / 1.15, high * 1.15];
      const margin = (high - low || 1) * 0.04;
      return [low - margin, high + margin];
    }

    draw();
    let width = figure.clientWidth;
    addEventListener("resize", () => {
      if (figure.clientWidth === width) return;
      width = figure.clientWidth;
      state.plot.setSize({width: Math.max(320, width), height: 380});
    });
  }

  // ---- CPI stacks

  function stacks() {
    const controls = byId("stack-controls"), figure = byId("stack-figure"), legend = byId("stack-legend"), caption = byId("stack-caption");
    if (!stack || stack.cells.length === 0) {
      caption.textContent = "No point has a CPI stack: only single cores do, and limit studies do not.";
      return;
    }
    const state = {x: Math.min(0, axes.length - 1), fixed: axes.map(() => 0), shares: false};
    // Causes that are nowhere more than a hundredth are one.
    const whole = c => c.cycles.reduce((a, b) => a + b, 0);
    const large = stack.parts.map((_, k) => stack.cells.some(c => c.cycles[k] >= 0.01 * whole(c)));
    const parts = stack.parts.filter((_, k) => large[k]);
    if (parts.length < stack.parts.length) parts.push("other");
    const sizes = c => {
      const list = c.cycles.filter((_, k) => large[k]);
      if (list.length < parts.length) list.push(c.cycles.reduce((sum, v, k) => large[k] ? sum : sum + v, 0));
      return list;
    };
    const paint = (e, k) => {
      e.style.backgroundColor = color(k);
      if (k % 4 || k >= palette.length) e.classList.add("hatch" + ((k >= palette.length ? k + 1 : k) % 4 || 1));
      return e;
    };
    legend.append(...parts.map((name, k) => element("span", {}, paint(element("i"), k), name)));

    function draw() {
      const spread = [state.x];
      reconcile(state.fixed, spread, stack.cells);
      controls.replaceChildren();
      if (axes.length) controls.append(select("bars", axes.map((a, i) => [String(i), a.name]), String(state.x), v => { state.x = Number(v); draw(); }));
      controls.append(select("as", [["cpi", "cycles/instruction"], ["share", "share of slots"]], state.shares ? "share" : "cpi", v => { state.shares = v === "share"; draw(); }));
      fixedControls(controls, state.fixed, spread, draw);
      const shown = stack.cells.filter(c => c.at.every((v, i) => spread.includes(i) || v === state.fixed[i]));
      const longest = Math.max(...shown.map(whole));
      const grid = element("div", {className: "bars"});
      const mostBars = 100;
      for (const c of shown.slice(0, mostBars)) {
        const total = whole(c), bar = element("div", {className: "bar"});
        sizes(c).forEach((v, k) => {
          const e = paint(element("div", {title: `${parts[k]}: ${format(v)} cycles/instruction, ${format(100 * v / total, 3)} %`}), k);
          e.style.width = 100 * v / (state.shares ? total : longest) + "%";
          bar.append(e);
        });
        const label = axes.length ? axes[state.x].labels[c.at[state.x]] : "all";
        grid.append(element("span", {textContent: label}), bar, element("span", {className: "n", textContent: format(total)}));
      }
      figure.replaceChildren(grid);
      const n = shown[0].blocks, beyond = shown.length - mostBars;
      caption.textContent = `Cycles an instruction (right: their sum) by what the commit slots went to, total ratio over blocks, n = ${n}.` +
        (axes.length ? ` A bar for each ${axes[state.x].name}${beyond > 0 ? `; ${beyond} more are left out` : ""}.` : "") + fixedText(state.fixed, spread);
    }
    draw();
  }

  // ---- points

  // test makes a predicate of one word of a filter: column=value, column!=value, column<number, ..., or text that any cell holds.
  function test(word, index) {
    const parsed = /^([^=<>!]+)(<=|>=|!=|=|<|>)(.*)$/.exec(word);
    if (parsed) {
      const [, name, op, wanted] = parsed, k = index.get(name);
      if (k === undefined) return {error: `no column ${name}`};
      const number = Number(wanted), numeric = wanted !== "" && !Number.isNaN(number);
      const same = v => v === null ? wanted === "" : numeric && typeof v === "number" ? v === number : String(v) === wanted;
      switch (op) {
        case "=": return row => same(row[k]);
        case "!=": return row => !same(row[k]);
      }
      if (!numeric) return {error: `${word}: a number is needed`};
      const order = {"<": v => v < number, ">": v => v > number, "<=": v => v <= number, ">=": v => v >= number}[op];
      return row => row[k] !== null && order(Number(row[k]));
    }
    const text = word.toLowerCase();
    return row => row.some(v => v !== null && String(v).toLowerCase().includes(text));
  }

  function table() {
    const controls = byId("point-controls"), body = byId("point-table"), note = byId("point-note");
    const first = 200;
    const index = new Map(points.columns.map((c, i) => [c.name, i]));
    const state = {filter: "", by: -1, down: false, most: first, shown: points.columns.map(c => c.shown)};

    const input = element("input", {type: "search", placeholder: "core.rob=128 status!=ok cycles>1e6 text", oninput: () => { state.filter = input.value; state.most = first; draw(); }});
    const chooser = element("div", {className: "chooser"}, ...points.columns.map((c, i) => {
      const box = element("input", {type: "checkbox", checked: c.shown, onchange: () => { state.shown[i] = box.checked; draw(); }});
      return element("label", {title: c.doc}, box, " " + c.name);
    }));
    const all = element("button", {type: "button", textContent: "show all rows", onclick: () => { state.most = Infinity; draw(); }});
    controls.append(element("label", {}, "filter: words that all hold", input), all, element("details", {}, element("summary", {textContent: "columns"}), chooser));

    function draw() {
      const tests = state.filter.split(/\s+/).filter(Boolean).map(word => test(word, index));
      const wrong = tests.find(t => t.error);
      let rows = wrong ? points.rows : points.rows.filter(row => tests.every(t => t(row)));
      if (state.by >= 0) {
        const k = state.by, sign = state.down ? -1 : 1;
        rows = rows.map((row, i) => [row, i]).sort(([a, i], [b, j]) => {
          if (a[k] === null || b[k] === null) return (a[k] === null) - (b[k] === null) || i - j; // the empty last
          const c = typeof a[k] === "number" && typeof b[k] === "number" ? a[k] - b[k] : String(a[k]) < String(b[k]) ? -1 : String(a[k]) > String(b[k]) ? 1 : 0;
          return sign * c || i - j;
        }).map(([row]) => row);
      }
      const columns = points.columns.map((c, i) => ({...c, i})).filter(c => state.shown[c.i]);
      const numeric = new Map(columns.map(c => [c.i, points.rows.every(r => r[c.i] === null || typeof r[c.i] === "number")]));
      const head = element("tr", {}, ...columns.map(c => element("th", {
        title: c.doc, className: numeric.get(c.i) ? "n" : "",
        textContent: c.name + (state.by === c.i ? (state.down ? " ▼" : " ▲") : ""),
        onclick: () => { state.down = state.by === c.i && !state.down; state.by = c.i; draw(); },
      })));
      const lines = rows.slice(0, state.most).map(row => element("tr", {}, ...columns.map(c => {
        const v = row[c.i];
        const plain = c.name === "index" || c.name === "block" || c.name === "seed" || c.name.includes(".");
        return element("td", {
          className: numeric.get(c.i) ? "n" : c.name === "status" ? String(v) : "",
          textContent: v === null ? "" : typeof v === "number" && !plain ? format(v, 6) : String(v),
        });
      })));
      body.replaceChildren(element("thead", {}, head), element("tbody", {}, ...lines));
      all.hidden = rows.length <= state.most;
      note.textContent = (wrong ? wrong.error + ". " : "") + `${rows.length} of ${points.rows.length} points` +
        (rows.length > state.most ? `, the first ${state.most} shown` : "") + "; a click on a heading sorts. What never varies has no column" +
        (points.left ? `; ${points.left} more columns are in results.csv only.` : ".");
    }
    draw();
  }

  lines();
  stacks();
  table();
})();
