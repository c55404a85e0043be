// What stands in the strip where tokens are no words: a canvas behind the cells. Vectors and images leave a band at the
// foot of their cells to the count of states that are on; numbers are bars on it.

const AIR = 4, BAND = 5, BAR_ALPHA = 0.55, CELLS_APART = 10, RAMP = 5

function tokenTrack(root, model) {
  const canvas = root.appendChild(document.createElement("canvas")), tall = model.tall
  let painted = null, paint = null
  const isNumber = () => model.tokens.kind === "number", foot = () => isNumber() ? 0 : BAND + 1

  // `warmth` tells the share in % of the selected states that are on at a step shown.
  function draw(warmth) {
    const { words, cell, gutter, tokens } = model, ratio = window.devicePixelRatio, pen = canvas.getContext("2d")
    if (painted !== tokens) [painted, paint] = [tokens, tokenPainter(tokens)]
    for (const [side, px] of [["width", gutter + words.length * cell], ["height", tall]]) {
      canvas[side] = px * ratio
      canvas.style[side] = `${px}px`
    }
    pen.setTransform(ratio, 0, 0, ratio, 0, 0)
    const apart = cell < CELLS_APART ? 0 : 1, top = isNumber() ? AIR : 0.5
    words.forEach((_, i) => {
      const x = gutter + i * cell
      pen.fillStyle = `color-mix(in srgb, ${tokens.warm} ${warmth(i)}%, ${tokens.card})`
      pen.fillRect(x, 0, cell, tall)
      pen.fillStyle = tokens.ink
      pen.globalAlpha = isNumber() ? BAR_ALPHA : 1
      paint(pen, i, x + apart, top, cell - 2 * apart, tall - Math.max(foot(), top))
      pen.globalAlpha = 1
    })
    if (tokens.colours) drawRamp(pen, tokens.colours, gutter - 2 * RAMP, tall - foot())
  }

  function drawRamp(pen, colours, x, height) {
    const shade = height / colours.length
    colours.forEach((colour, i) => {
      pen.fillStyle = colour
      pen.fillRect(x, height - (i + 1) * shade, RAMP, shade + 0.5)
    })
  }

  // Texts left of the first step: what is shown, between the ends of its range; with the right edge and the base line.
  function labels() {
    const { gutter, tokens } = model, right = gutter - (tokens.colours ? 2 * RAMP + 4 : 8), bottom = tall - foot()
    const [low, high] = tokens.ends ?? []
    const all = [[high, 10], [tokens.title, bottom / 2 + 4], [low, bottom - 2]]
    return all.filter(([text]) => text !== undefined).map(([text, y]) => ({ text, right, y }))
  }

  // What a vector's component says that lies at a height in the cell of a step shown; null for none.
  function component(i, y) {
    const { components, title, values } = model.tokens, at = Math.floor(y / (tall - foot()) * components)
    if (model.tokens.kind !== "vector" || !(at >= 0 && at < components) || !(i >= 0 && i < model.words.length)) return null
    const value = new Float32Array(values)[i * components + at]
    const number = Number.isNaN(value) ? "–" : String(Number(value.toPrecision(6))).replaceAll("-", "−")
    return `${title} ${at + 1} of ${components}: ${number}`
  }

  return { draw, labels, component }
}
