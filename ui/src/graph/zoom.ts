/** Zoom and pan, by d3-zoom. */
import { select } from 'd3-selection';
import { zoom, zoomIdentity, type D3ZoomEvent, type ZoomTransform } from 'd3-zoom';
import type { Box } from './layout';

const LEAST = 0.04;
const MOST = 2.5;
/** The whole of a large graph would be too small to read; then its beginning is shown. */
const READABLE = 0.45;
const MARGIN = 16;

export interface Extent {
  width: number;
  height: number;
}

export class Zoomer {
  /** Whether a person has zoomed or moved it. */
  touched = false;
  private transform: ZoomTransform = zoomIdentity;
  private readonly behavior = zoom<SVGSVGElement, unknown>();

  constructor(
    private readonly svg: SVGSVGElement,
    private readonly onchange: (transform: ZoomTransform) => void,
    wheelZooms: () => boolean,
  ) {
    this.behavior
      .scaleExtent([LEAST, MOST])
      .extent(() => [
        [0, 0],
        [svg.clientWidth, svg.clientHeight],
      ])
      .filter((event: Event) => {
        if (event instanceof WheelEvent) return event.ctrlKey || wheelZooms();
        return !(event instanceof MouseEvent && event.button !== 0);
      })
      .on('zoom', (event: D3ZoomEvent<SVGSVGElement, unknown>) => {
        if (event.sourceEvent !== null && event.sourceEvent !== undefined) this.touched = true;
        this.transform = event.transform;
        this.onchange(event.transform);
      });
    select(svg).call(this.behavior).on('dblclick.zoom', null);
  }

  end(): void {
    select(this.svg).on('.zoom', null);
  }

  by(factor: number): void {
    this.touched = true;
    select(this.svg).call(this.behavior.scaleBy, factor);
  }

  move(x: number, y: number): void {
    this.touched = true;
    select(this.svg).call(this.behavior.translateBy, x / this.transform.k, y / this.transform.k);
  }

  /** All of it; or as much as can be read, with what it begins with. */
  fit({ width, height }: Extent, readable = false, begin?: Box): void {
    const [w, h] = [this.svg.clientWidth, this.svg.clientHeight];
    if (w === 0 || h === 0 || width === 0 || height === 0) return;
    const whole = Math.min((w - 2 * MARGIN) / width, (h - 2 * MARGIN) / height, 1);
    const scale = Math.max(readable ? Math.max(whole, READABLE) : whole, LEAST);
    const place = (room: number, size: number): number => (size > room - 2 * MARGIN ? MARGIN : (room - size) / 2);
    this.set(place(w, width * scale), place(h, height * scale), scale);
    if (begin !== undefined) this.show(begin);
  }

  /** So that what was at `from` before is there again, now at `to`. */
  keep(from: Box, to: Box): void {
    const { x, y, k } = this.transform;
    this.set(x + (from.x - to.x) * k, y + (from.y - to.y) * k, k);
  }

  /** Moves as little as it takes to show a box. */
  show({ x, y, width, height }: Box): void {
    const { x: dx, y: dy, k } = this.transform;
    const inward = (begin: number, size: number, room: number): number => {
      if (begin < MARGIN || size > room - 2 * MARGIN) return MARGIN - begin;
      const over = begin + size - (room - MARGIN);
      return over > 0 ? -over : 0;
    };
    const byX = inward(x * k + dx, width * k, this.svg.clientWidth);
    const byY = inward(y * k + dy, height * k, this.svg.clientHeight);
    if (byX !== 0 || byY !== 0) this.set(dx + byX, dy + byY, k);
  }

  private set(x: number, y: number, k: number): void {
    select(this.svg).call(this.behavior.transform, zoomIdentity.translate(x, y).scale(k));
  }
}
