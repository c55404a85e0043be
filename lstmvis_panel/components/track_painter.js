// The cells of the tracks on one canvas. Rows are laid out here too, so that labels and cells share their places.

const GAP = 4, FLAGS_APART = 2         // px between tracks; flags go close together, so that many are seen at once
const READABLE = 9, CELLS_APART = 10   // least width in px of a cell with text, and of one set off from the next
const FAINTEST = 0.2, TEXT_AIR = 4, EDGE = 1.5
const TEXT_SIZE = 11

// Every row of the tracks with its place: `{track, number, row, top, height}`; and the height of all.
function laidOut(tracks) {
  const rows = []
  let top = 0
  tracks.forEach((track, number) => {
    for (const row of track.rows) {
      rows.push({ track, number, row, top, height: track.tall })
      top += track.tall
    }
    const next = tracks[number + 1]
    if (next) top += track.look === "flags" && next.look === "flags" ? FLAGS_APART : GAP
  })
  return { rows, height: top }
}

// `fade` tells how strong the colours of a step shown are, from 0 to 1.
function paintRows(canvas, { rows, height }, { count, cell, first, edges }, fade) {
  const ratio = window.devicePixelRatio, pen = canvas.getContext("2d"), style = getComputedStyle(canvas)
  const [ink, line] = ["--lv-ink", "--lv-line"].map((name) => style.getPropertyValue(name))
  for (const [side, px] of [["width", count * cell], ["height", height]]) {
    canvas[side] = px * ratio
    canvas.style[side] = `${px}px`
  }
  const plain = () => pen.setTransform(ratio, 0, 0, ratio, 0, 0)
  const apart = cell < CELLS_APART ? 0 : 1
  const font = `${TEXT_SIZE}px ${style.fontFamily}`
  plain()

  function fill({ track, row, top, height }) {
    row.places.forEach((place, i) => {
      if (place < 0) return
      pen.globalAlpha = fade(i)
      pen.fillStyle = track.colours[place]
      const [y, tall, gap] = boxOf(track, row, i, height)
      pen.fillRect(i * cell, top + y, cell - gap, tall)
    })
    pen.globalAlpha = 1
  }

  // Top and height of what is filled in a cell, and what is left free on its right.
  function boxOf(track, row, i, height) {
    if (track.look === "flags") return [0, height, 0]
    if (track.look !== "numbers") return [0, height - apart, apart]
    const room = height - 1, low = Math.min(row.bars[i], track.base), high = Math.max(row.bars[i], track.base)
    const tall = Math.max(1, (high - low) * room)
    return [Math.min((1 - high) * room, room - tall), tall, apart]
  }

  function ground({ track, top, height }) {
    if (track.look !== "flags" && track.look !== "numbers") return
    pen.fillStyle = line
    pen.fillRect(0, top + (track.look === "flags" ? height : Math.round((1 - track.base) * (height - 1))), count * cell, 1)
  }

  function write({ track, row, top, height }) {
    if (cell < READABLE || (track.look !== "labels" && track.look !== "predictions")) return
    pen.font = font
    pen.textAlign = "center"
    row.codes.forEach((code, i) => {
      if (code < 0) return
      const text = track.texts[code], scale = squeezed(text, cell - TEXT_AIR, font), place = row.places[i]
      pen.setTransform(ratio * scale, 0, 0, ratio, ratio * (i * cell + (cell - apart) / 2), ratio * top)
      pen.fillStyle = place < 0 ? ink : track.inks[place]
      pen.fillText(text, 0, height / 2 + TEXT_SIZE / 3)
    })
    plain()
  }

  function outline({ row, top, height }) {
    pen.strokeStyle = ink
    pen.lineWidth = 1
    for (const i of row.true ?? []) pen.strokeRect(i * cell + 0.5, top + 0.5, Math.max(cell - apart - 1, 1), height - apart - 1)
  }

  for (const placed of rows) for (const draw of [ground, fill, write, outline]) draw(placed)
  pen.fillStyle = ink
  for (const step of edges) pen.fillRect((step - first) * cell - EDGE / 2, 0, EDGE, height)
}
