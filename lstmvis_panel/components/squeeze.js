// Shared by the components: how far a word must be squeezed to fit its cell.

const PEN = document.createElement("canvas").getContext("2d")
const WIDTHS = new Map()
const WIDTHS_KEPT = 50000

// The factor (at most 1) by which to scale `text`, set in `font`, so that it is no wider than `width` px.
function squeezed(text, width, font) {
  const key = `${font}\n${text}`
  let natural = WIDTHS.get(key)
  if (natural === undefined) {
    if (WIDTHS.size >= WIDTHS_KEPT) WIDTHS.clear()
    PEN.font = font
    natural = PEN.measureText(text).width
    WIDTHS.set(key, natural)
  }
  return natural > width ? Math.max(width, 0) / natural : 1
}
