// The export menu: what can be taken away. The server makes a file when it is asked for; the browser saves it. Pictures made
// of dots are drawn here, from the same shapes and with the letters that this machine has.

const SCALE = 2

function save(blob, name) {
  const link = document.createElement("a")
  link.href = URL.createObjectURL(blob)
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
}

async function painted(shapes) {
  const source = URL.createObjectURL(new Blob([shapes], { type: "image/svg+xml" }))
  try {
    const image = new Image()
    image.src = source
    await image.decode()
    const canvas = document.createElement("canvas")
    canvas.width = image.width * SCALE
    canvas.height = image.height * SCALE
    const pen = canvas.getContext("2d")
    pen.scale(SCALE, SCALE)
    pen.drawImage(image, 0, 0)
    return await new Promise((take) => canvas.toBlob(take, "image/png"))
  } finally {
    URL.revokeObjectURL(source)
  }
}

export function render({ model, view }) {
  const root = document.createElement("details")
  root.className = "downloads"
  const head = root.appendChild(document.createElement("summary"))
  head.textContent = "export"
  const list = root.appendChild(document.createElement("div"))
  list.className = "list"
  list.setAttribute("role", "group")
  list.setAttribute("aria-label", "Export")
  const note = list.appendChild(document.createElement("p"))
  note.setAttribute("role", "status")
  let asked = 0

  function draw() {
    list.replaceChildren(...model.items.map(([key, label, about, available]) => {
      const button = document.createElement("button")
      button.type = "button"
      button.dataset.key = key
      button.disabled = !available
      button.innerHTML = "<b></b><span></span>"
      button.firstChild.textContent = label
      button.lastChild.textContent = about
      button.addEventListener("click", () => {
        asked += 1
        note.textContent = "Making it \u2026"
        root.classList.add("busy")
        model.send_msg({ wanted: key, asked })
      })
      return button
    }), note)
  }

  async function take() {
    const { name, type, content, dots, asked: answered, failure } = model.file
    if (answered !== asked) return
    model.file = {}  // it may be large, and neither side needs it any more
    root.classList.remove("busy")
    if (failure) { note.textContent = failure; return }
    try {
      const blob = dots ? await painted(content) : new Blob([content], { type })
      save(blob, name)
      note.textContent = `${name} is saved.`
    } catch (error) {
      note.textContent = `${name} could not be made here: ${error.message}`
    }
  }

  root.addEventListener("toggle", () => {
    root.toggleAttribute("aria-keyshortcuts", root.open)
    if (!root.open) return
    root.setAttribute("aria-keyshortcuts", "Escape")
    note.textContent = ""
  })
  root.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && root.open) { root.open = false; head.focus(); event.stopPropagation() }
  })
  onAction(model, view, { [model.action]: () => {
    root.open = !root.open
    const first = root.open ? list.querySelector("button:enabled") : null
    ;(first ?? head).focus()
  } })
  const outside = (event) => { if (root.open && !event.composedPath().includes(root)) root.open = false }
  document.addEventListener("pointerdown", outside)
  model.on("items", draw)
  model.on("file", take)
  model.on("remove", () => document.removeEventListener("pointerdown", outside))
  draw()
  return root
}
