// A form can only GET and POST. A button with `data-delete` sends DELETE, and the page is drawn anew.
document.addEventListener("click", async (event) => {
  const path = event.target.dataset.delete;
  if (!path) return;
  await fetch(path, { method: "DELETE" });
  location.reload();
});
