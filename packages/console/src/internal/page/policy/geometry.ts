/** Where things are on the map: a Mercator projection, as most maps of the web have it. */
import * as Fence from "@effect-launchkey/core/Fence"
import { type ExtendedFeature, geoCircle, geoMercator, geoPath, type GeoPermissibleObjects } from "d3-geo"

/** How wide the world is at zoom 1, in pixels. */
export const world = 1000

/** The part of the world that is shown: `zoom` times its size, its north-western corner at `x`, `y` of the map. */
export interface View {
  readonly zoom: number
  readonly x: number
  readonly y: number
}

export interface Size {
  readonly width: number
  readonly height: number
}

const limits = { nearest: 400_000, farthest: 0.2 }

const projection = ({ x, y, zoom }: View) =>
  geoMercator()
    .scale(world * zoom / (2 * Math.PI))
    .translate([world * zoom / 2 + x, world * zoom / 2 + y])

/** Of a feature at zoom 1: the map moves what was drawn once. */
export const outline = (feature: GeoPermissibleObjects): string =>
  geoPath(projection({ zoom: 1, x: 0, y: 0 }).precision(0).clipExtent([[0, 0], [world, world]]))(feature) ?? ""

export const project = (view: View, { latitude, longitude }: Fence.Position): readonly [x: number, y: number] => {
  const [x, y] = projection(view)([longitude, latitude]) ?? [Number.NaN, Number.NaN]
  return [x, y]
}

/** Where the square map ends, north and south. */
const edge = 85

export const unproject = (view: View, x: number, y: number): Fence.Position => {
  const [longitude, latitude] = projection(view).invert?.([x, y]) ?? [0, 0]
  return { latitude: Math.max(-edge, Math.min(edge, latitude)), longitude: ((longitude + 540) % 360) - 180 }
}

/** Metres of one degree along a great circle, by the same Earth as fences are measured on. */
const metresPerDegree = Fence.distance({ latitude: 0, longitude: 0 }, { latitude: 1, longitude: 0 })

/** All points at one distance on the ground: no circle on the map, and less so the nearer to a pole. */
export const circle = (
  view: View,
  size: Size,
  { latitude, longitude, radius }: Fence.Position & { readonly radius: number }
): string =>
  geoPath(projection(view).precision(0.3).clipExtent([[-50, -50], [size.width + 50, size.height + 50]]))(
    geoCircle().center([longitude, latitude]).radius(Math.min(180, radius / metresPerDegree)).precision(2)()
  ) ?? ""

/** The point east of the centre at the distance of the radius, where the radius is drawn and taken hold of. */
export const eastern = (
  { latitude, longitude, radius }: Fence.Position & { readonly radius: number }
): Fence.Position => {
  const angle = radius / metresPerDegree * Math.PI / 180
  const φ = latitude * Math.PI / 180
  const sine = Math.sin(φ) * Math.cos(angle)
  const turned = Math.atan2(Math.sin(angle) * Math.cos(φ), Math.cos(angle) - Math.sin(φ) * sine)
  return {
    latitude: Math.asin(Math.max(-1, Math.min(1, sine))) * 180 / Math.PI,
    longitude: ((longitude + turned * 180 / Math.PI + 540) % 360) - 180
  }
}

/** Three digits that say it all: a radius that is dragged is not meant to the metre. */
export const rounded = (metres: number): number => Number(Math.max(1, metres).toPrecision(3))

const held = (zoom: number): number => Math.min(limits.nearest, Math.max(limits.farthest, zoom))

/** Nearer or farther, with the point of the map where it is. */
export const zoomed = (view: View, factor: number, [x, y]: readonly [number, number]): View => {
  const zoom = held(view.zoom * factor)
  const by = zoom / view.zoom
  return { zoom, x: x - (x - view.x) * by, y: y - (y - view.y) * by }
}

/** No farther than that some of the world is seen. */
export const within = (view: View, { height, width }: Size): View => ({
  zoom: view.zoom,
  x: Math.min(width * 0.75, Math.max(width * 0.25 - world * view.zoom, view.x)),
  y: Math.min(height * 0.75, Math.max(height * 0.25 - world * view.zoom, view.y))
})

/** The view that shows all of a box of the map at zoom 1, with some air. */
export const fitting = (
  [[left, top], [right, bottom]]: Box,
  { height, width }: Size
): View => {
  const zoom = held(0.7 * Math.min(width / Math.max(1e-9, right - left), height / Math.max(1e-9, bottom - top)))
  return { zoom, x: width / 2 - zoom * (left + right) / 2, y: height / 2 - zoom * (top + bottom) / 2 }
}

/** West, north; east, south: of what is drawn at zoom 1. */
export type Box = readonly [readonly [number, number], readonly [number, number]]

const drawn = geoPath(projection({ zoom: 1, x: 0, y: 0 }).clipExtent([[0, 0], [world, world]]))

/** Of its largest part: some countries have islands on the other side of the world. */
export const box = (feature: ExtendedFeature): Box => {
  const { geometry } = feature
  if (geometry?.type !== "MultiPolygon") return drawn.bounds(feature)
  const parts = geometry.coordinates.map((coordinates) => ({ type: "Polygon" as const, coordinates }))
  const [largest] = parts.map((part) => ({ part, area: drawn.area(part) })).sort((a, b) => b.area - a.area)
  return drawn.bounds(largest?.part ?? feature)
}

export const circleBox = (fence: Fence.Position & { readonly radius: number }): Box =>
  drawn.bounds(
    geoCircle().center([fence.longitude, fence.latitude]).radius(Math.min(180, fence.radius / metresPerDegree))()
  )

/** A round number of metres and how many pixels it takes in the middle of the map. */
export const scale = (view: View, { height, width }: Size): { readonly metres: number; readonly pixels: number } => {
  const middle = unproject(view, width / 2, height / 2)
  const perPixel = Math.cos(middle.latitude * Math.PI / 180) * 360 * metresPerDegree / (world * view.zoom)
  const most = perPixel * 110
  const power = 10 ** Math.floor(Math.log10(most))
  const metres = [5, 2, 1].map((step) => step * power).find((candidate) => candidate <= most) ?? power
  return { metres, pixels: metres / perPixel }
}
