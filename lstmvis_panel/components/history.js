// The address bar and the browser's back and forward. The session writes the address at the end of each gesture; back and
// forward tell it which one the visitor has come to. Panel's own Location writes the address but never reads it again.

export function render({ model }) {
  let first = true
  const write = () => {
    const { search } = model.address
    if (!search) return
    // What the server made of the address that was opened takes its place; whatever follows is a step of its own.
    if (search !== window.location.search) window.history[first ? "replaceState" : "pushState"](null, "", search)
    first = false
  }
  const went = () => model.send_msg({ search: window.location.search })
  model.on("address", write)
  window.addEventListener("popstate", went)
  model.on("remove", () => window.removeEventListener("popstate", went))
  write()
  return document.createElement("span")
}
