//! One mesh of flat shapes whose edges lie on pixels.

use eframe::egui::{Color32, Mesh, Painter, Pos2, Rangef, Rect, Shape, pos2};

/// Collects flat shapes into one mesh.
pub(crate) struct Canvas {
    mesh: Mesh,
    pixels_per_point: f32,
    clip: Rect,
}

impl Canvas {
    /// An empty one, for shapes of this painter.
    pub(crate) fn new(painter: &Painter) -> Canvas {
        Canvas {
            mesh: Mesh::default(),
            pixels_per_point: painter.pixels_per_point().max(0.1),
            clip: painter.clip_rect(),
        }
    }

    /// The part of the screen that can be seen.
    pub(crate) fn clip(&self) -> Rect {
        self.clip
    }

    /// The nearest edge of pixels.
    pub(crate) fn snap(&self, points: f32) -> f32 {
        (points * self.pixels_per_point).round() / self.pixels_per_point
    }

    /// A rectangle, at least one pixel wide and high.
    pub(crate) fn rect(&mut self, rect: Rect, color: Color32) {
        let rect = self.snapped(rect).intersect(self.clip);
        if rect.is_positive() {
            self.mesh.add_colored_rect(rect, color);
        }
    }

    /// The frame of a rectangle, within it.
    pub(crate) fn frame(&mut self, rect: Rect, width: f32, color: Color32) {
        let rect = self.snapped(rect);
        if rect.width() <= 2.0 * width || rect.height() <= 2.0 * width {
            return self.rect(rect, color);
        }
        self.horizontal(rect.x_range(), rect.top(), width, color);
        self.horizontal(rect.x_range(), rect.bottom() - width, width, color);
        self.vertical(rect.left(), rect.y_range(), width, color);
        self.vertical(rect.right() - width, rect.y_range(), width, color);
    }

    /// A line of this width to the right of `x`.
    pub(crate) fn vertical(&mut self, x: f32, y: Rangef, width: f32, color: Color32) {
        self.rect(Rect::from_min_max(pos2(x, y.min), pos2(x + width, y.max)), color);
    }

    /// A line of this width below `y`.
    pub(crate) fn horizontal(&mut self, x: Rangef, y: f32, width: f32, color: Color32) {
        self.rect(Rect::from_min_max(pos2(x.min, y), pos2(x.max, y + width)), color);
    }

    /// A polygon without dents; its corners are taken as they are.
    pub(crate) fn polygon(&mut self, corners: &[Pos2], color: Color32) {
        let first = self.mesh.vertices.len() as u32;
        corners.iter().for_each(|corner| self.mesh.colored_vertex(*corner, color));
        for next in 1..(corners.len() as u32).saturating_sub(1) {
            self.mesh.add_triangle(first, first + next, first + next + 1);
        }
    }

    /// Adds what was collected to the painter.
    pub(crate) fn paint(self, painter: &Painter) {
        if !self.mesh.is_empty() {
            painter.add(Shape::mesh(self.mesh));
        }
    }

    fn snapped(&self, rect: Rect) -> Rect {
        let pixel = 1.0 / self.pixels_per_point;
        let min = pos2(self.snap(rect.left()), self.snap(rect.top()));
        let max = pos2(self.snap(rect.right()).max(min.x + pixel), self.snap(rect.bottom()).max(min.y + pixel));
        Rect::from_min_max(min, max)
    }
}
