// Hides the rows whose status is not ticked; without scripts the form is hidden instead and everything is shown.
const form = document.getElementById("filter");
if (form) {
  const rows = [...document.querySelectorAll("tr[data-status]")];
  const lines = rows.filter((row) => !row.classList.contains("more"));
  const tables = [...new Set(rows.map((row) => row.closest("table")))];
  const goals = [...document.querySelectorAll("tbody th[scope=rowgroup]")].map((cell) => [cell, cell.closest("tbody")]);
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
    for (const table of tables) table.hidden = !table.querySelector("tr[data-status]:not([hidden])");
    for (const section of document.querySelectorAll("main section")) {
      const inside = [...section.querySelectorAll("table")];
      section.hidden = inside.length > 0 && inside.every((table) => table.hidden);
    }
    const shown = lines.filter((row) => !row.hidden).length;
    told.textContent = told.dataset.say.replace("{shown}", shown).replace("{whole}", lines.length);
  };

  form.hidden = false;
  form.addEventListener("change", show);
  form.addEventListener("reset", () => setTimeout(show));
  form.addEventListener("submit", (event) => event.preventDefault());
}
