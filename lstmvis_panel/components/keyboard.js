// The keys of the page, in the words of their table. What belongs to a part of the page is told to that part here; the
// rest goes to the server, where keys that repeat faster than it answers are counted, so that none waits in a queue.

const FIELDS = "input:not([type=checkbox]), textarea, select, [contenteditable]"
const NOT_FOR_JUPYTER = "data-lm-suppress-shortcuts"    // JupyterLab's own word for it
const SLIDES = ["ArrowUp", "ArrowDown", "PageUp", "PageDown"]

function strokeOf(event) {
  const ctrl = (event.ctrlKey || event.metaKey) && !event.getModifierState("AltGraph")
  if (event.altKey && !event.getModifierState("AltGraph")) return null
  const named = event.key.length > 1 || ctrl
  const key = ctrl ? event.key.toLowerCase() : event.key
  return `${ctrl ? "ctrl+" : ""}${named && event.shiftKey ? "shift+" : ""}${key}`
}

// Whether what has the focus does something of its own with the key.
function isTaken(event, stroke) {
  return event.composedPath().some((element) => {
    if (!(element instanceof Element) || !element.checkVisibility()) return false    // a field in what was just closed
    if (element.matches(FIELDS)) return !/F\d$/.test(stroke)
    if (element.getAttribute("role") === "slider" && SLIDES.includes(event.key)) return true
    if (element.matches(":popover-open") && event.key === "Escape") return true
    return (element.getAttribute("aria-keyshortcuts") ?? "").split(" ").includes(stroke)
  })
}

// Plots have no keys of their own and no name: Tab passes over them.
function passOver(root) {
  for (const element of root.querySelectorAll("*")) {
    if (element.matches(".bk-events")) element.tabIndex = -1
    if (element.shadowRoot) passOver(element.shadowRoot)
  }
}

export function render({ model, view }) {
  const outbox = latestOnly(model)
  let pressed = []
  const flush = () => {
    if (!pressed.length || !outbox.idle()) return
    outbox({ actions: pressed })
    pressed = []
  }

  function press(action) {
    const last = pressed.at(-1)
    if (last?.[0] === action) last[1] += 1
    else pressed.push([action, 1])
    flush()
  }

  const isHere = (event, app) => model.alone || event.composedPath().includes(app) || app.matches(":hover")

  function heard(event) {
    const stroke = strokeOf(event), app = appOf(view.el)
    if (!stroke || event.isComposing || !isHere(event, app)) return
    if (event.key === "Tab") return passOver(app.shadowRoot ?? app)
    const taken = isTaken(event, stroke)
    if (!model.alone) app.toggleAttribute(NOT_FOR_JUPYTER, taken)
    if (stroke.length === 1 && !charactersAreOn()) return
    const action = !taken && Object.hasOwn(model.keys, stroke) && model.keys[stroke]
    if (!action) return
    event.preventDefault()
    event.stopImmediatePropagation()
    const local = new CustomEvent("lstmvis-action", { detail: { app, action }, cancelable: true })
    if (window.dispatchEvent(local)) press(action)
  }

  // Before anyone else: JupyterLab has keys of its own, and does not ask whether they were meant for it.
  window.addEventListener("keydown", heard, true)
  model.on("seen", flush)
  model.on("remove", () => window.removeEventListener("keydown", heard, true))
  return document.createElement("span")
}
