"use strict";
// The pages work without this: it only begins the session at once, keeps the figure of the board alive, moves the
// focus to what went wrong, and has nobody hand in the same file twice by a second click.
const begin = document.getElementById("begin");
if (begin) begin.submit();

const problem = document.getElementById("problem");
if (problem) problem.focus();

for (const form of document.querySelectorAll("form[method=post]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
  });
}
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});

const live = document.getElementById("live");
if (live) {
  setInterval(async () => {
    if (document.hidden) return;
    try {
      const answer = await fetch("/board.json", { headers: { accept: "application/json" } });
      if (!answer.ok) return;
      const { counts } = await answer.json();
      const text = live.dataset.text.replace("{answered}", counts.answered).replace("{asked}", counts.asked);
      if (live.textContent !== text) live.firstElementChild.textContent = text;
    } catch { /* the next one may come through */ }
  }, 10000);
}
