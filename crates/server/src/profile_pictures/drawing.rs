//! Drawing initials on a coloured square.

use ab_glyph::{Font as _, FontRef, Glyph, PxScale, ScaleFont as _, point};

/// Width and height of a picture, in pixels.
pub const SIZE: u16 = 300;

/// DejaVu Sans Bold, capital letters and digits only (`scripts/make-initials-font.sh`).
const FONT: &[u8] = include_bytes!("../../assets/fonts/DejaVuSans-Bold-initials.ttf");

/// Backgrounds dark enough for white letters (contrast at least 4.5).
const COLOURS: [[u8; 3]; 8] = [
    [0x2f, 0x46, 0x85],
    [0x9a, 0x4b, 0x1c],
    [0x1f, 0x6b, 0x5c],
    [0x7a, 0x35, 0x5e],
    [0x4a, 0x5a, 0x1f],
    [0x5b, 0x3f, 0x8c],
    [0x8a, 0x2f, 0x34],
    [0x24, 0x62, 0x8a],
];

/// Why a picture cannot be drawn.
#[derive(Debug, thiserror::Error)]
pub enum DrawingError {
    /// The bundled font is damaged.
    #[error("the bundled font cannot be read")]
    Font(#[from] ab_glyph::InvalidFont),
    /// The picture cannot be encoded.
    #[error("the picture cannot be encoded: {0}")]
    Encoding(#[from] png::EncodingError),
}

struct Canvas {
    pixels: Vec<u8>,
    background: [u8; 3],
}

impl Canvas {
    fn new(background: [u8; 3]) -> Self {
        let count = usize::from(SIZE) * usize::from(SIZE);
        Self {
            pixels: background.repeat(count),
            background,
        }
    }

    /// Paints one pixel white to a degree of 0 to 1.
    fn blend(&mut self, x: i32, y: i32, coverage: f32) {
        let size = i32::from(SIZE);
        if !(0..size).contains(&x) || !(0..size).contains(&y) {
            return;
        }
        let Ok(start) = usize::try_from((y * size + x) * 3) else {
            return;
        };
        let Some(pixel) = self.pixels.get_mut(start..start + 3) else {
            return;
        };
        for (value, background) in pixel.iter_mut().zip(self.background) {
            let background = f32::from(background);
            let blended = (255.0 - background).mul_add(coverage.clamp(0.0, 1.0), background);
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "between 0 and 255"
            )]
            let blended = blended.round() as u8;
            *value = (*value).max(blended);
        }
    }

    /// A head and shoulders, for names the font has no letters for.
    fn person(&mut self) {
        for y in 0..i32::from(SIZE) {
            for x in 0..i32::from(SIZE) {
                #[expect(clippy::cast_precision_loss, reason = "pixel coordinates are small")]
                let (fx, fy) = (x as f32 - 149.5, y as f32);
                let head = (fx.powi(2) + (fy - 112.0).powi(2)).sqrt() - 52.0;
                let shoulders = ((fx / 1.15).powi(2) + (fy - 272.0).powi(2)).sqrt() - 92.0;
                self.blend(x, y, 0.5 - head.min(shoulders));
            }
        }
    }

    fn letters(&mut self, font: &FontRef<'_>, text: &str) {
        let mut scale = 128.0;
        let mut glyphs = layout(font, text, scale);
        let width = |glyphs: &[Glyph]| {
            let bounds = glyphs
                .iter()
                .filter_map(|glyph| font.outline_glyph(glyph.clone()))
                .map(|g| g.px_bounds());
            bounds.fold((f32::MAX, f32::MIN), |(left, right), bounds| {
                (left.min(bounds.min.x), right.max(bounds.max.x))
            })
        };
        let (left, right) = width(&glyphs);
        let room = f32::from(SIZE) * 0.72;
        if right - left > room {
            scale *= room / (right - left);
            glyphs = layout(font, text, scale);
        }
        let (left, right) = width(&glyphs);
        let capital = font.as_scaled(PxScale::from(scale)).ascent() * 0.785;
        let offset = point(
            (f32::from(SIZE) - (right - left)) / 2.0 - left,
            f32::midpoint(f32::from(SIZE), capital),
        );
        for mut glyph in glyphs {
            glyph.position += offset;
            let Some(outline) = font.outline_glyph(glyph) else {
                continue;
            };
            let bounds = outline.px_bounds();
            #[expect(clippy::cast_possible_truncation, reason = "inside the picture or ignored")]
            let (x0, y0) = (bounds.min.x as i32, bounds.min.y as i32);
            outline.draw(|x, y, coverage| {
                let x = x0.saturating_add(i32::try_from(x).unwrap_or(i32::MAX));
                let y = y0.saturating_add(i32::try_from(y).unwrap_or(i32::MAX));
                self.blend(x, y, coverage);
            });
        }
    }
}

fn layout(font: &FontRef<'_>, text: &str, scale: f32) -> Vec<Glyph> {
    let scaled = font.as_scaled(PxScale::from(scale));
    let mut x = 0.0;
    text.chars()
        .map(|character| {
            let mut glyph = scaled.scaled_glyph(character);
            glyph.position = point(x, 0.0);
            x += scaled.h_advance(glyph.id);
            glyph
        })
        .collect()
}

/// A PNG of initials; `seed` chooses the colour.
pub fn draw(initials: &str, seed: u8) -> Result<Vec<u8>, DrawingError> {
    let font = FontRef::try_from_slice(FONT)?;
    let background = COLOURS
        .get(usize::from(seed) % COLOURS.len())
        .copied()
        .unwrap_or([0x2f, 0x46, 0x85]);
    let mut canvas = Canvas::new(background);
    let known = !initials.is_empty() && initials.chars().all(|character| font.glyph_id(character).0 != 0);
    if known {
        canvas.letters(&font, initials);
    } else {
        canvas.person();
    }
    let mut png = Vec::new();
    let mut encoder = png::Encoder::new(&mut png, u32::from(SIZE), u32::from(SIZE));
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&canvas.pixels)?;
    writer.finish()?;
    Ok(png)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_gives_a_picture_of_its_own() {
        let pictures: Vec<Vec<u8>> = ["TC", "É", "WW", "SS", "ЖЩ", "李雷", "", "😀"]
            .iter()
            .map(|text| draw(text, 3).unwrap())
            .collect();
        for picture in &pictures {
            assert!(picture.starts_with(b"\x89PNG"));
            assert!(picture.len() < 20_000);
        }
        // Names without letters in the font share the silhouette; all others differ.
        assert_eq!(pictures[5], pictures[6]);
        assert_eq!(pictures[6], pictures[7]);
        for (index, picture) in pictures[..6].iter().enumerate() {
            assert!(!pictures[..index].contains(picture), "{index}");
        }
        assert_ne!(draw("TC", 0).unwrap(), draw("TC", 1).unwrap());
        if let Some(folder) = std::env::var_os("SAVE_PICTURES") {
            for (index, picture) in pictures.iter().enumerate() {
                std::fs::write(
                    std::path::Path::new(&folder).join(format!("{index}.png")),
                    picture,
                )
                .unwrap();
            }
        }
    }
}
