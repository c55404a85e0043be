// Shared by the components: tokens that are no words. Each is painted into a box of a canvas: a number as a bar, a
// vector as a column of colours, its first component on top, an image as a thumbnail.

const SPRITES_A_ROW = 128

// A function that paints the token at a place into a box. A bar takes the pen's own colour; it stands up or down from 0, or
// lies from the left edge on.
function tokenPainter(tokens) {
  return { number: numberPainter, vector: vectorPainter, image: imagePainter }[tokens.kind](tokens)
}

const shareOf = (value, { low, high }) => Math.max(0, Math.min((value - low) / (high - low) || 0, 1))

function numberPainter(tokens) {
  const numbers = new Float64Array(tokens.values), zero = shareOf(0, tokens)
  return (pen, place, x, y, width, height, lies = false) => {
    if (Number.isNaN(numbers[place])) return
    const share = shareOf(numbers[place], tokens), tall = Math.max(1, Math.abs(share - zero) * height)
    if (lies) pen.fillRect(x, y, Math.max(1, share * width), height)
    else pen.fillRect(x, Math.min(y + (1 - Math.max(share, zero)) * height, y + height - tall), width, tall)
  }
}

// Pixels are never interpolated: those of a neighbour would show at the edges. Where there are more components than
// pixels, neighbours are averaged.
function vectorPainter(tokens) {
  const { components, colours } = tokens, numbers = new Float32Array(tokens.values), steps = numbers.length / components
  const shades = colours.map(rgbOf)
  let bands = 0, sprite = null

  function draw(count) {
    bands = count
    sprite = picture(steps, bands, (painted) => {
      for (let step = 0; step < steps; step++) for (let band = 0; band < bands; band++) {
        const from = Math.floor(band * components / bands), to = Math.floor((band + 1) * components / bands)
        let sum = 0
        for (let at = from; at < to; at++) sum += numbers[step * components + at]
        if (Number.isNaN(sum)) continue
        const place = Math.floor(shareOf(sum / (to - from), tokens) * shades.length)
        painted.set(shades[Math.min(place, shades.length - 1)], 4 * (band * steps + step))
      }
    })
  }

  return (pen, place, x, y, width, height) => {
    const count = Math.min(components, Math.floor(height * window.devicePixelRatio))
    if (count !== bands) draw(count)
    pen.imageSmoothingEnabled = false
    pen.drawImage(sprite, place, 0, 1, bands, x, y, width, height)
  }
}

// Each image has its own edge once more around it, since its scaled pixels take in those beyond the edge.
function imagePainter({ rows, columns, places, pixels }) {
  const colours = new Uint8Array(pixels), count = colours.length / (3 * rows * columns), high = rows + 2, wide = columns + 2
  const across = Math.min(SPRITES_A_ROW, count), limited = (at, end) => Math.max(0, Math.min(at, end - 1))
  const sprite = picture(across * wide, Math.ceil(count / SPRITES_A_ROW) * high, (painted) => {
    for (let image = 0; image < count; image++) for (let y = 0; y < high; y++) for (let x = 0; x < wide; x++) {
      const from = 3 * ((image * rows + limited(y - 1, rows)) * columns + limited(x - 1, columns))
      const to = 4 * ((Math.floor(image / across) * high + y) * across * wide + (image % across) * wide + x)
      for (let channel = 0; channel < 3; channel++) painted[to + channel] = colours[from + channel]
      painted[to + 3] = 255
    }
  })
  return (pen, place, x, y, width, height) => {
    const image = places[place]
    if (image < 0) return
    const scale = Math.min(width / columns, height / rows), w = columns * scale, h = rows * scale
    pen.imageSmoothingEnabled = true
    pen.imageSmoothingQuality = "high"
    pen.drawImage(sprite, (image % across) * wide + 1, Math.floor(image / across) * high + 1, columns, rows,
      x + (width - w) / 2, y + (height - h) / 2, w, h)
  }
}

function picture(width, height, fill) {
  const canvas = document.createElement("canvas")
  if (!width || !height) return canvas
  canvas.width = width
  canvas.height = height
  const data = new ImageData(width, height)
  fill(data.data)
  canvas.getContext("2d").putImageData(data, 0, 0)
  return canvas
}

const rgbOf = (colour) => [...[1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16)), 255]
