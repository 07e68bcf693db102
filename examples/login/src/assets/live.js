// Loads the page again once what it shows is no longer so, and counts down what time is left.
const { live, status } = document.body.dataset

if (live !== undefined) {
  const events = new EventSource(live)
  events.addEventListener("status", ({ data }) => {
    if (data === status) return
    events.close()
    location.reload()
  })
  // A browser that goes back shows the page as it was, and listens no more.
  addEventListener("pageshow", ({ persisted }) => {
    if (persisted) location.reload()
  })
}

const began = performance.now()

for (const element of document.querySelectorAll("[data-left]")) {
  const total = Number(element.dataset.left)
  const tick = () => {
    const left = Math.max(0, Math.ceil(total - (performance.now() - began) / 1000))
    element.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`
    if (left > 0) setTimeout(tick, 250)
  }
  tick()
}
