// Copies the address. Browsers let pages write to the clipboard only where they trust them: on this machine, or by https.

const SAID_FOR = 1800

export function render({ model, view }) {
  const root = document.createElement("div")
  const button = make("button", { type: "button", className: "copy", textContent: "copy link", title: "Copy the address of what is shown" })
  const address = make("input", { type: "text", readOnly: true, ariaLabel: "Address" })
  const why = make("p", { className: "note", textContent: "This browser lets the page copy nothing. Here is the address, to be copied by hand." })
  const panel = make("div", { className: "by-hand", popover: "auto" }, why, address)
  button.setAttribute("aria-live", "polite")
  root.append(button, panel)

  let timer = null
  async function copy() {
    try {
      await navigator.clipboard.writeText(window.location.href)
    } catch {
      address.value = window.location.href
      panel.showPopover()
      beneath(button, panel)
      address.select()
      return
    }
    button.textContent = "copied"
    clearTimeout(timer)
    timer = setTimeout(() => { button.textContent = "copy link" }, SAID_FOR)
  }

  button.addEventListener("click", copy)
  onAction(model, view, { [model.action]: copy })
  model.on("remove", keptBeneath(button, panel))
  return root
}
