//! One triangle.

use eframe::egui::epaint::Vertex;

use super::texture::Texture;
use super::{Clip, Image};

/// Parts of a pixel that edges are decided in.
const PARTS: i64 = 256;
/// No corner lies farther out, in pixels: so that products of distances fit into 64 bits.
const FARTHEST: f32 = (1 << 20) as f32;

/// A corner of a triangle.
#[derive(Clone, Copy, Debug)]
pub(super) struct Corner {
    x: i64,
    y: i64,
    uv: [f32; 2],
    color: [f32; 4],
}

impl Corner {
    /// The corner at `vertex`; `None` if that is nowhere (not a number).
    pub(super) fn new(vertex: &Vertex, pixels_per_point: f32) -> Option<Corner> {
        let part = |points: f32| {
            let pixels = points * pixels_per_point;
            (!pixels.is_nan()).then(|| (pixels.clamp(-FARTHEST, FARTHEST) * PARTS as f32).round() as i64)
        };
        let uv = [vertex.uv.x, vertex.uv.y];
        if uv.iter().any(|share| !share.is_finite()) {
            return None;
        }
        Some(Corner {
            x: part(vertex.pos.x)?,
            y: part(vertex.pos.y)?,
            uv,
            color: vertex.color.to_array().map(f32::from),
        })
    }
}

/// A triangle with an area; its corners go round clockwise (as the screen is seen).
#[derive(Debug)]
pub(super) struct Triangle {
    corners: [Corner; 3],
    /// Twice its area, in parts of pixels squared; more than 0.
    area: i64,
}

/// An edge as a function that is 0 on it and grows towards the inside, at the centres of pixels.
#[derive(Clone, Copy)]
struct Edge {
    /// At the centre of the pixel (0, 0).
    origin: i64,
    by_x: i64,
    by_y: i64,
    /// 0 if pixels on the edge belong to the triangle, else -1.
    bias: i64,
}

impl Edge {
    fn new(a: Corner, b: Corner) -> Edge {
        let (dx, dy) = (b.x - a.x, b.y - a.y);
        let origin = dx * (PARTS / 2 - a.y) - dy * (PARTS / 2 - a.x);
        let top_or_left = dy < 0 || (dy == 0 && dx > 0);
        Edge { origin, by_x: -dy * PARTS, by_y: dx * PARTS, bias: if top_or_left { 0 } else { -1 } }
    }

    /// The columns, from the first to before the last, in which the row's pixels lie inside.
    fn columns(&self, row: i64, (first, last): (i64, i64)) -> (i64, i64) {
        let start = self.origin + self.by_y * row + self.bias;
        match self.by_x {
            0 if start >= 0 => (first, last),
            0 => (first, first),
            step if step > 0 => (first.max(-start.div_euclid(step)), last),
            step => (first, last.min(start.div_euclid(-step) + 1)),
        }
    }

    fn at(&self, column: i64, row: i64) -> i64 {
        self.origin + self.by_x * column + self.by_y * row
    }
}

impl Triangle {
    /// The triangle with these corners; `None` if it has no area.
    pub(super) fn new(a: Corner, b: Corner, c: Corner) -> Option<Triangle> {
        let area = (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
        match area {
            0 => None,
            area if area > 0 => Some(Triangle { corners: [a, b, c], area }),
            area => Some(Triangle { corners: [a, c, b], area: -area }),
        }
    }

    /// Draws it into `image` within `clip`.
    pub(super) fn draw(&self, image: &mut Image, clip: Clip, texture: &Texture) {
        let [a, b, c] = self.corners;
        // Opposite to a, b, c: where an edge's function is great, its corner is near.
        let edges = [Edge::new(b, c), Edge::new(c, a), Edge::new(a, b)];
        let pixel = |part: i64| part.div_euclid(PARTS);
        let top = pixel(a.y.min(b.y).min(c.y)).max(clip.top);
        let bottom = (pixel(a.y.max(b.y).max(c.y)) + 1).min(clip.bottom);
        let left = pixel(a.x.min(b.x).min(c.x)).max(clip.left);
        let right = (pixel(a.x.max(b.x).max(c.x)) + 1).min(clip.right);
        let is_flat = self.corners.iter().all(|corner| corner.color == a.color && corner.uv == a.uv);
        let flat = is_flat.then(|| shaded(a.color, texture.sample(a.uv[0], a.uv[1])));
        for row in top..bottom {
            let (first, last) = edges.iter().fold((left, right), |columns, edge| edge.columns(row, columns));
            if first >= last {
                continue;
            }
            let start = (row * i64::from(image.width) + first) as usize * 4;
            let pixels = &mut image.rgba[start..start + (last - first) as usize * 4];
            match flat {
                Some(color) => fill(pixels, color),
                None => self.shade(pixels, first, row, &edges, texture),
            }
        }
    }

    fn shade(&self, pixels: &mut [u8], first: i64, row: i64, edges: &[Edge; 3], texture: &Texture) {
        let [a, b, c] = &self.corners;
        let whole = self.area as f64;
        for (column, pixel) in (first..).zip(pixels.chunks_exact_mut(4)) {
            let near_b = (edges[1].at(column, row) as f64 / whole) as f32;
            let near_c = (edges[2].at(column, row) as f64 / whole) as f32;
            let between = |a: f32, b: f32, c: f32| a + (b - a) * near_b + (c - a) * near_c;
            let color = std::array::from_fn(|channel| between(a.color[channel], b.color[channel], c.color[channel]));
            let [u, v] = [0, 1].map(|axis| between(a.uv[axis], b.uv[axis], c.uv[axis]));
            blend(pixel, shaded(color, texture.sample(u, v)));
        }
    }
}

fn shaded(color: [f32; 4], texel: [f32; 4]) -> [f32; 4] {
    std::array::from_fn(|channel| color[channel] * texel[channel] / 255.0)
}

fn fill(pixels: &mut [u8], color: [f32; 4]) {
    if color[3] >= 254.999 {
        let color = color.map(|channel| (channel + 0.5) as u8);
        pixels.chunks_exact_mut(4).for_each(|pixel| pixel.copy_from_slice(&[color[0], color[1], color[2], 255]));
    } else {
        pixels.chunks_exact_mut(4).for_each(|pixel| blend(pixel, color));
    }
}

/// Lays a premultiplied colour, channels from 0 to 255, over an opaque pixel.
fn blend(pixel: &mut [u8], color: [f32; 4]) {
    let through = 1.0 - color[3] / 255.0;
    for channel in 0..3 {
        // A conversion of floats saturates.
        pixel[channel] = (color[channel] + f32::from(pixel[channel]) * through + 0.5) as u8;
    }
}
