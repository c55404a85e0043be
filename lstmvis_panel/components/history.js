// The address bar and the browser's back and forward. The session writes the address at the end of each gesture; back and
// forward tell it which one the visitor has come to. Panel's own Location writes the address but never reads it again.

export function render({ model }) {
  let read = true          // whether the address shown is one that the server has still to answer
  const write = () => {
    const { search, in_place } = model.address
    if (!search) return
    // What the server made of the address that was opened, or come back to, takes its place; what follows is a step of its own.
    if (search !== window.location.search) window.history[read || in_place ? "replaceState" : "pushState"](null, "", search)
    read = false
  }
  const went = () => {
    read = true
    model.send_msg({ search: window.location.search })
  }
  model.on("address", write)
  window.addEventListener("popstate", went)
  model.on("remove", () => window.removeEventListener("popstate", went))
  document.title = model.title || document.title
  write()
  return document.createElement("span")
}
