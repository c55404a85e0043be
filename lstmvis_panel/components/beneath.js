// Shared by the components of the header: what opens beneath them, over all else, and the place where keys arrive.

// Put an open popover under what it belongs to, within the window.
function beneath(anchor, popover) {
  const { left, bottom } = anchor.getBoundingClientRect()
  popover.style.top = `${bottom + 6}px`
  popover.style.left = `${Math.max(8, Math.min(left, document.documentElement.clientWidth - popover.offsetWidth - 8))}px`
}

// Keep it there while the page scrolls or changes its size; the answer ends that.
function keptBeneath(anchor, popover) {
  const place = () => { if (popover.matches(":popover-open")) beneath(anchor, popover) }
  const watched = [[window, "scroll"], [window, "resize"], [popover, "toggle"]]
  for (const [target, name] of watched) target.addEventListener(name, place, true)
  return () => { for (const [target, name] of watched) target.removeEventListener(name, place, true) }
}

// The outermost element of the app that an element is in: the page's, or the one in the cell of a notebook.
function appOf(element) {
  let root = element.getRootNode(), host = null
  for (; root instanceof ShadowRoot; root = root.host.getRootNode()) host = root.host
  return host ?? document.body
}

// Do something when the key of an action is pressed in this app. What the page does by itself needs no server.
function onAction(model, view, act) {
  const heard = (event) => {
    if (event.detail.app !== appOf(view.el) || !(event.detail.action in act)) return
    event.preventDefault()
    act[event.detail.action]()
  }
  window.addEventListener("lstmvis-action", heard)
  model.on("remove", () => window.removeEventListener("lstmvis-action", heard))
}

function make(name, properties = {}, ...children) {
  const element = Object.assign(document.createElement(name), properties)
  element.append(...children)
  return element
}
