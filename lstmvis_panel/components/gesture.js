// Shared by the components: the mouse is always drawn at once; the server gets the newest state of a gesture, and
// the next one only when it has answered the last, so that a slow answer never makes a queue.

const ANSWER_WITHIN = 1500

function latestOnly(model) {
  let serial = 0, waiting = false, next = null, timer = null
  const post = (message) => {
    waiting = true
    clearTimeout(timer)
    timer = setTimeout(answered, ANSWER_WITHIN)
    model.send_msg({ ...message, serial: ++serial })
  }
  const answered = () => {
    waiting = false
    clearTimeout(timer)
    if (next) { const message = next; next = null; post(message) }
  }
  model.on("seen", () => { if (model.seen >= serial) answered() })
  const send = (message) => { if (waiting) next = message; else post(message) }
  send.idle = () => !waiting
  return send
}

function oncePerFrame(draw) {
  let pending = false
  return () => {
    if (pending) return
    pending = true
    requestAnimationFrame(() => { pending = false; draw() })
  }
}
