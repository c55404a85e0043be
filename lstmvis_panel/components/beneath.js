// Shared by the components of the header: what opens beneath them, over all else.

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

function make(name, properties = {}, ...children) {
  const element = Object.assign(document.createElement(name), properties)
  element.append(...children)
  return element
}
