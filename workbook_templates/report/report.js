// Hides the rows whose status is not ticked; without scripts the form is hidden instead and everything is shown.
const form = document.getElementById("filter");
if (form) {
  const rows = [...document.querySelectorAll("tr[data-status]")];
  const tables = [...new Set(rows.map((row) => row.closest("table")))];
  const goals = [...document.querySelectorAll("tbody th[scope=rowgroup]")].map((cell) => [cell, cell.closest("tbody")]);
  const told = form.querySelector("[role=status]");

  const show = () => {
    const wanted = new Set([...form.elements.status].filter((box) => box.checked).map((box) => box.value));
    let item = null;
    for (const row of rows) {
      row.hidden = !wanted.has(row.dataset.status);
      const deep = row.querySelector(".deep") !== null;
      if (!deep) item = row;
      else if (!row.hidden && item) item.hidden = false;
    }
    for (const [cell, group] of goals) {
      const seen = [...group.rows].filter((row) => !row.hidden);
      if (!seen.length) continue;
      seen[0].prepend(cell);
      cell.rowSpan = seen.length;
    }
    for (const table of tables) table.hidden = !table.querySelector("tr[data-status]:not([hidden])");
    for (const section of document.querySelectorAll("main section")) {
      const inside = [...section.querySelectorAll("table")];
      section.hidden = inside.length > 0 && inside.every((table) => table.hidden);
    }
    const shown = rows.filter((row) => !row.hidden).length;
    told.textContent = told.dataset.say.replace("{shown}", shown).replace("{whole}", rows.length);
  };

  form.hidden = false;
  form.addEventListener("change", show);
  form.addEventListener("reset", () => setTimeout(show));
  form.addEventListener("submit", (event) => event.preventDefault());
}
