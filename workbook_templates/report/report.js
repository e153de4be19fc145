// Hides the rows whose status is not ticked; without scripts the form is hidden instead and everything is shown.
// A table that fits its window is no place to stop at with the keyboard.
const settle = () => {
  for (const box of document.querySelectorAll(".scroll")) {
    if (box.scrollWidth > box.clientWidth + 1) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  }
};
settle();
addEventListener("resize", settle);

const form = document.getElementById("filter");
if (form) {
  const rows = [...document.querySelectorAll("tr[data-status]")];
  const lines = rows.filter((row) => !row.classList.contains("more"));
  const tables = [...new Set(rows.map((row) => row.closest("table")))];
  const goals = [...document.querySelectorAll("tr[data-status] > th[scope=rowgroup]")].map((cell) => [cell, cell.closest("tbody")]);
  const told = form.querySelector("[role=status]");

  const show = () => {
    const wanted = new Set([...form.elements.status].filter((box) => box.checked).map((box) => box.value));
    let item = [], last = [];
    for (const row of rows) {
      row.hidden = !wanted.has(row.dataset.status);
      if (row.classList.contains("more")) last.push(row);
      else last = [row];
      if (!last[0].querySelector(".deep")) item = last;
      else if (!row.hidden) for (const above of item) above.hidden = false;
    }
    for (const [cell, group] of goals) {
      const seen = [...group.rows].filter((row) => !row.hidden);
      if (!seen.length) continue;
      seen[0].prepend(cell);
      cell.rowSpan = seen.length;
    }
    for (const table of tables) table.closest(".scroll").hidden = table.hidden = !table.querySelector("tr[data-status]:not([hidden])");
    for (const section of document.querySelectorAll("main section")) {
      const inside = [...section.querySelectorAll("table")];
      section.hidden = inside.length > 0 && inside.every((table) => table.hidden);
    }
    for (const band of document.querySelectorAll("tr.band")) {
      const below = [...band.parentElement.rows].filter((row) => row.dataset.status);
      band.hidden = below.length > 0 && below.every((row) => row.hidden);
    }
    const shown = lines.filter((row) => !row.hidden);
    const parts = shown.filter((row) => row.querySelector(".deep")).length;
    const counts = { shown: shown.length, whole: lines.length, items: shown.length - parts, parts };
    told.textContent = told.dataset.say.replace(/\{(\w+)\}/g, (_, name) => counts[name]);
  };

  form.hidden = false;
  form.addEventListener("change", show);
  form.addEventListener("reset", () => setTimeout(show));
  form.addEventListener("submit", (event) => event.preventDefault());
}
