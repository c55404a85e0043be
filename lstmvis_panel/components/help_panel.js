// What keys do, in a panel over the page, with a switch for those that are single characters.

export function render({ model, view }) {
  const root = document.createElement("div")
  const button = make("button", { type: "button", textContent: "?", title: "Keys and gestures (?)", ariaLabel: "Help: keys and gestures" })
  const panel = make("div", { className: "help", popover: "auto", tabIndex: -1, role: "dialog", ariaLabel: "Keys and gestures" })
  const close = make("button", { type: "button", textContent: "close" })
  const groups = make("div", { className: "groups" })
  const characters = make("input", { type: "checkbox" })
  const single = make("label", { title: "Off for who dictates to this machine: words would press them" }, characters, "keys of a single character")
  panel.append(make("header", {}, make("h2", { textContent: "Keys and gestures" }), single, close), groups)
  for (const { title, rows } of model.groups) {
    const list = make(rows[0].keys.length ? "dl" : "ul")
    for (const { keys, does } of rows) {
      if (!keys.length) list.append(make("li", { textContent: does }))
      else list.append(make("dt", {}, ...keys.map((key) => make("kbd", { textContent: key }))), make("dd", { textContent: does }))
    }
    groups.append(make("section", {}, make("h3", { textContent: title }), list))
  }
  const show = () => { panel.showPopover(); panel.focus() }
  const toggle = () => panel.matches(":popover-open") ? panel.hidePopover() : show()
  button.popoverTargetElement = panel
  panel.addEventListener("toggle", (event) => {
    if (event.newState !== "open") return
    characters.checked = charactersAreOn()
    panel.focus()
  })
  characters.addEventListener("change", () => switchCharacters(characters.checked))
  close.addEventListener("click", () => panel.hidePopover())
  onAction(model, view, { [model.action]: toggle })
  root.append(button, panel)
  return root
}
