// Back and forward in the browser: Panel writes the address but does not follow it, so the page is fetched anew, and
// shows what the address says.

export function render({ model }) {
  const follow = () => window.location.reload()
  window.addEventListener("popstate", follow)
  model.on("remove", () => window.removeEventListener("popstate", follow))
  return document.createElement("span")
}
