// What keys do, in a panel over the page.

export function render({ model, view }) {
  const root = document.createElement("div")
  const button = make("button", { type: "button", textContent: "?", title: "Keys and gestures (?)", ariaLabel: "Help: keys and gestures" })
  const panel = make("div", { className: "help", popover: "auto", tabIndex: -1, role: "dialog", ariaLabel: "Keys and gestures" })
  const close = make("button", { type: "button", textContent: "close" })
  const groups = make("div", { className: "groups" })
  panel.append(make("header", {}, make("h2", { textContent: "Keys and gestures" }), close), groups)
  for (const { title, rows } of model.groups) {
    const list = make("dl")
    for (const { keys, does } of rows) {
      list.append(make("dt", {}, ...keys.map((key) => make("kbd", { textContent: key }))), make("dd", { textContent: does }))
    }
    groups.append(make("section", {}, make("h3", { textContent: title }), list))
  }
  const show = () => { panel.showPopover(); panel.focus() }
  const toggle = () => panel.matches(":popover-open") ? panel.hidePopover() : show()
  button.popoverTargetElement = panel
  panel.addEventListener("toggle", (event) => { if (event.newState === "open") panel.focus() })
  close.addEventListener("click", () => panel.hidePopover())
  onAction(model, view, { [model.action]: toggle })
  root.append(button, panel)
  return root
}
