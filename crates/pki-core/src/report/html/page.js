"use strict";
(() => {
  const controls = document.getElementById("controls");
  if (!controls) return;
  const rows = Array.from(document.querySelectorAll("#findings-table tbody tr"));
  const texts = rows.map((row) => row.textContent.toLowerCase());
  const all = rows.reduce((sum, row) => sum + Number(row.dataset.findings), 0);
  const search = document.getElementById("search");
  const rule = document.getElementById("rule");
  const place = document.getElementById("place");
  const severities = Array.from(controls.querySelectorAll("input[name=severity]"));
  const shown = document.getElementById("shown");
  const apply = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = new Set(severities.filter((box) => box.checked).map((box) => box.value));
    let number = 0;
    rows.forEach((row, at) => {
      const fits = wanted.has(row.dataset.severity)
        && (!rule.value || row.dataset.rule === rule.value)
        && (!place.value || row.dataset.place === place.value)
        && words.every((word) => texts[at].includes(word));
      row.hidden = !fits;
      if (fits) number += Number(row.dataset.findings);
    });
    shown.textContent = number + " of " + all + " findings shown";
  };
  const reset = () => {
    search.value = "";
    rule.value = "";
    place.value = "";
    severities.forEach((box) => { box.checked = true; });
    apply();
  };
  controls.hidden = false;
  controls.addEventListener("input", apply);
  controls.addEventListener("submit", (event) => event.preventDefault());
  document.getElementById("reset").addEventListener("click", () => { reset(); search.focus(); });
  document.addEventListener("keydown", (event) => {
    const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      search.focus();
    } else if (event.key === "Escape" && event.target === search) {
      reset();
    }
  });
  let closed = [];
  window.addEventListener("beforeprint", () => {
    closed = Array.from(document.querySelectorAll("details:not([open])"));
    closed.forEach((one) => { one.open = true; });
  });
  window.addEventListener("afterprint", () => closed.forEach((one) => { one.open = false; }));
  apply();
})();
