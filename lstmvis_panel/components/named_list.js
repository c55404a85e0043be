// Selections under names. The server says what the list is; the browser keeps it, as the file that can be exported too.

const STORAGE_LOST = "This browser keeps nothing for the page: export the list before you leave."

export function render({ model, view }) {
  const root = document.createElement("div")
  const button = make("button", { type: "button", textContent: "named", title: "Named selections (b)" })
  const name = make("input", { type: "text", placeholder: "name for what is shown", ariaLabel: "Name", maxLength: 80 })
  const add = make("button", { type: "submit", textContent: "save" })
  const form = make("form", {}, name, add)
  const note = make("p", { className: "note", role: "status" })
  const list = make("ul", { ariaLabel: "Named selections" })
  const save = make("button", { type: "button", textContent: "export", title: "Save the list as a JSON file" })
  const load = make("button", { type: "button", textContent: "import …", title: "Add the selections of such a file" })
  const chosen = make("input", { type: "file", accept: ".json,application/json", hidden: true, ariaLabel: "File of selections" })
  const kept = make("span", { className: "muted", textContent: "kept in this browser" })
  const panel = make("div", { className: "named", popover: "auto", role: "dialog", ariaLabel: "Named selections" },
    form, note, list, make("footer", {}, save, load, chosen, kept))
  button.popoverTargetElement = panel
  root.append(button, panel)

  let renaming = -1, lost = false
  const small = (text, words, act) => {
    const element = make("button", { type: "button", className: "quiet", textContent: text, title: words, ariaLabel: words })
    element.addEventListener("click", act)
    return element
  }

  function rename(row) {
    renaming = row
    draw()
    list.querySelector("input")?.select()
  }

  function field(row, entry) {
    const input = make("input", { type: "text", value: entry.name, ariaLabel: "New name", maxLength: 80 })
    const done = (wanted) => {
      if (renaming !== row) return
      renaming = -1
      if (wanted && input.value !== entry.name) model.send_msg({ rename: [row, input.value] })
      draw()
    }
    input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== "Escape") return
      event.preventDefault()
      event.stopPropagation()
      done(event.key === "Enter")
      list.children[row]?.querySelector(".go")?.focus()
    })
    input.addEventListener("blur", () => done(true))
    return input
  }

  function draw() {
    list.replaceChildren(...model.entries.map((entry, row) => {
      if (row === renaming) return make("li", {}, field(row, entry))
      const go = make("button", { type: "button", className: "go", title: `Show “${entry.name}”` }, make("b", { textContent: entry.name }), make("span", { textContent: entry.about }))
      go.addEventListener("click", () => model.send_msg({ go: row }))
      return make("li", {}, go, small("rename", `Rename “${entry.name}”`, () => rename(row)), small("×", `Delete “${entry.name}”`, () => model.send_msg({ delete: row })))
    }))
    save.disabled = !model.entries.length
    add.disabled = load.disabled = !model.key
  }

  function say() {
    const { text, wrong } = model.note
    note.textContent = text || (lost ? STORAGE_LOST : "") || (model.entries.length ? "" : "None yet. What is shown now is kept under the name that you type.")
    note.classList.toggle("wrong", Boolean(text ? wrong : lost))
    kept.hidden = lost
  }

  // A browser may refuse: private windows, a full store, pages within others.
  function stored(act) {
    try {
      return act(window.localStorage)
    } catch {
      lost = true
      say()
      return null
    }
  }

  const read = () => model.send_msg({ stored: (model.key && stored((storage) => storage.getItem(model.key))) || "" })
  const elsewhere = (event) => { if (model.key && event.key === model.key) read() }

  form.addEventListener("submit", (event) => {
    event.preventDefault()
    model.send_msg({ save: name.value })
    name.value = ""
  })
  save.addEventListener("click", () => {
    const link = make("a", { href: URL.createObjectURL(new Blob([model.file], { type: "application/json" })), download: model.file_name })
    link.click()
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
  })
  load.addEventListener("click", () => chosen.click())
  chosen.addEventListener("change", async () => {
    const [file] = chosen.files
    if (file) model.send_msg({ import: await file.text() })
    chosen.value = ""
  })
  panel.addEventListener("toggle", (event) => {
    if (event.newState !== "open") { renaming = -1; return }
    beneath(button, panel)
    name.focus()
    model.send_msg({ opened: true })
    draw()
    say()
  })

  model.on("key", () => { draw(); read() })
  model.on("file", () => { if (model.key) stored((storage) => storage.setItem(model.key, model.file)) })
  model.on("entries", () => { draw(); say() })
  model.on("note", say)
  window.addEventListener("storage", elsewhere)
  onAction(model, view, { [model.action]: () => panel.togglePopover() })
  const unkept = keptBeneath(button, panel)
  model.on("remove", () => { window.removeEventListener("storage", elsewhere); unkept() })
  draw()
  say()
  return root
}
