//! Pictures people upload: what kind they are, whether they are what they say, and what is taken out of them.
//!
//! A picture is parsed only far enough to know its size before it is believed, so that a small file cannot unpack into
//! gigabytes. What tells where and with what a photograph was taken is removed.

use std::io::Cursor;

use bytes::Bytes;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};
use img_parts::ImageEXIF;
use img_parts::jpeg::Jpeg;
use img_parts::png::Png;
use img_parts::webp::WebP;

use super::{bmff, gif};

use crate::http::error::ApiError;

/// Pixels on a side; more is refused before it is decoded.
const LONGEST_SIDE: u32 = 8192;
/// Bytes a decoder may allocate.
const MOST_MEMORY: u64 = 256 * 1024 * 1024;

/// Why a picture is not taken.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// It is not of the kind its name says, is damaged, or is too large.
    #[error("not a readable image: {0}")]
    Unreadable(String),
    /// Its kind is not taken here.
    #[error("unsupported kind")]
    Kind(&'static str),
}

impl From<ImageError> for ApiError {
    fn from(error: ImageError) -> Self {
        match error {
            ImageError::Unreadable(_) => Self::new(
                http::StatusCode::BAD_REQUEST,
                "invalid_image",
                "The image is damaged, too large, or not of the type its name says",
            ),
            ImageError::Kind("") => Self::new(
                http::StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "file_type_not_supported",
                "File type is not supported",
            ),
            ImageError::Kind(expected) => Self::new(
                http::StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "file_type_not_supported",
                format!("File must be of type {expected}"),
            )
            .with("expected_file_type", expected),
        }
    }
}

/// Kinds of pictures that are kept as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `.jpg`, `.jpeg`
    Jpeg,
    /// `.png`
    Png,
    /// `.svg`
    Svg,
    /// `.ico`
    Ico,
    /// `.gif`
    Gif,
    /// `.webp`
    Webp,
    /// `.avif`
    Avif,
    /// `.heic`
    Heic,
}

impl Kind {
    /// By an extension, in any case.
    pub fn from_extension(extension: &str) -> Option<Self> {
        Some(match extension.to_ascii_lowercase().as_str() {
            "jpg" | "jpeg" => Self::Jpeg,
            "png" => Self::Png,
            "svg" => Self::Svg,
            "ico" => Self::Ico,
            "gif" => Self::Gif,
            "webp" => Self::Webp,
            "avif" => Self::Avif,
            "heic" => Self::Heic,
            _ => return None,
        })
    }

    /// By a file's name; a name without a dot is its own extension.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::from_extension(name.rsplit('.').next().unwrap_or(name))
    }

    /// By a media type.
    pub fn from_media_type(media_type: &str) -> Option<Self> {
        let essence = media_type.split(';').next().unwrap_or_default().trim();
        [
            Self::Jpeg,
            Self::Png,
            Self::Svg,
            Self::Ico,
            Self::Gif,
            Self::Webp,
            Self::Avif,
            Self::Heic,
        ]
        .into_iter()
        .find(|kind| kind.media_type().eq_ignore_ascii_case(essence))
    }

    /// The extension files are kept under.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Png => "png",
            Self::Svg => "svg",
            Self::Ico => "ico",
            Self::Gif => "gif",
            Self::Webp => "webp",
            Self::Avif => "avif",
            Self::Heic => "heic",
        }
    }

    /// What browsers are told.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Svg => "image/svg+xml",
            Self::Ico => "image/x-icon",
            Self::Gif => "image/gif",
            Self::Webp => "image/webp",
            Self::Avif => "image/avif",
            Self::Heic => "image/heic",
        }
    }
}

fn unreadable(error: impl std::fmt::Display) -> ImageError {
    ImageError::Unreadable(error.to_string())
}

fn reader(bytes: &[u8], format: Option<ImageFormat>) -> Result<ImageReader<Cursor<&[u8]>>, ImageError> {
    let mut reader = match format {
        Some(format) => ImageReader::with_format(Cursor::new(bytes), format),
        None => ImageReader::new(Cursor::new(bytes))
            .with_guessed_format()
            .map_err(unreadable)?,
    };
    let mut limits = Limits::default();
    limits.max_image_width = Some(LONGEST_SIDE);
    limits.max_image_height = Some(LONGEST_SIDE);
    limits.max_alloc = Some(MOST_MEMORY);
    reader.limits(limits);
    Ok(reader)
}

/// The pixels of a picture, the right way up.
fn decode(bytes: &[u8], format: Option<ImageFormat>) -> Result<(DynamicImage, Orientation), ImageError> {
    let mut decoder = reader(bytes, format)?.into_decoder().map_err(unreadable)?;
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut image = DynamicImage::from_decoder(decoder).map_err(unreadable)?;
    image.apply_orientation(orientation);
    Ok((image, orientation))
}

/// Chunks of PNG that programs may leave out and that say how it looks.
const OF_PNG: [&[u8; 4]; 16] = [
    b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"sBIT", b"tRNS", b"pHYs", b"bKGD", b"hIST", b"sPLT", b"cICP",
    b"mDCV", b"cLLI", b"acTL", b"fcTL", b"fdAT",
];
/// Chunks of WebP that say how it looks.
const OF_WEBP: [&[u8; 4]; 7] = [b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"ICCP"];

/// A picture of a kind, checked and without what it says of its origin. Slow: not for threads that serve requests.
pub fn clean(kind: Kind, bytes: Vec<u8>) -> Result<Vec<u8>, ImageError> {
    match kind {
        Kind::Jpeg => {
            let (image, orientation) = decode(&bytes, Some(ImageFormat::Jpeg))?;
            if orientation != Orientation::NoTransforms {
                return encode(&image, ImageFormat::Jpeg);
            }
            let mut jpeg = Jpeg::from_bytes(Bytes::from(bytes)).map_err(unreadable)?;
            // Of the segments for programs those that say how colours are meant; no comments.
            jpeg.segments_mut().retain(|segment| match segment.marker() {
                0xE0 | 0xEE => true,
                0xE2 => segment.contents().starts_with(b"ICC_PROFILE\0"),
                0xE1..=0xEF | 0xFE => false,
                _ => true,
            });
            Ok(jpeg.encoder().bytes().to_vec())
        }
        Kind::Png => {
            decode(&bytes, Some(ImageFormat::Png))?;
            let mut png = Png::from_bytes(Bytes::from(bytes)).map_err(unreadable)?;
            png.chunks_mut()
                .retain(|chunk| OF_PNG.contains(&&chunk.kind()) || chunk.kind()[0].is_ascii_uppercase());
            Ok(png.encoder().bytes().to_vec())
        }
        Kind::Webp => {
            decode(&bytes, Some(ImageFormat::WebP))?;
            let mut webp = WebP::from_bytes(Bytes::from(bytes)).map_err(unreadable)?;
            webp.set_exif(None);
            webp.chunks_mut().retain(|chunk| OF_WEBP.contains(&&chunk.id()));
            Ok(webp.encoder().bytes().to_vec())
        }
        Kind::Gif => {
            decode(&bytes, Some(ImageFormat::Gif))?;
            gif::without_words(&bytes).ok_or_else(|| unreadable("it cannot be followed to its end"))
        }
        Kind::Ico => decode(&bytes, Some(ImageFormat::Ico)).map(|_| bytes),
        Kind::Svg => check_svg(&bytes).map(|()| bytes),
        Kind::Avif => check_brand(&bytes, &[b"avif", b"avis"])
            .and_then(|()| bmff::without_metadata(bytes).map_err(unreadable)),
        Kind::Heic => check_brand(&bytes, &[b"heic", b"heix", b"heim", b"heis", b"mif1"])
            .and_then(|()| bmff::without_metadata(bytes).map_err(unreadable)),
    }
}

/// An XML document whose root is an SVG. Documents that define entities are refused: they can be made to unpack. That
/// scripts in it do not run is up to how it is sent.
fn check_svg(bytes: &[u8]) -> Result<(), ImageError> {
    let text = std::str::from_utf8(bytes).map_err(unreadable)?;
    let document = roxmltree::Document::parse(text.trim_start_matches('\u{feff}')).map_err(unreadable)?;
    if document.root_element().tag_name().name() == "svg" {
        Ok(())
    } else {
        Err(ImageError::Unreadable("the root element is not svg".to_owned()))
    }
}

/// The `ftyp` box of ISO base media files, which browsers decode and we do not.
fn check_brand(bytes: &[u8], brands: &[&[u8; 4]]) -> Result<(), ImageError> {
    let found = bytes.get(4..8) == Some(b"ftyp".as_slice())
        && brands
            .iter()
            .any(|brand| bytes.get(8..12) == Some(brand.as_slice()));
    if found {
        Ok(())
    } else {
        Err(ImageError::Unreadable("no such ftyp box".to_owned()))
    }
}

fn encode(image: &DynamicImage, format: ImageFormat) -> Result<Vec<u8>, ImageError> {
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, format).map_err(unreadable)?;
    Ok(bytes.into_inner())
}

/// A square PNG of so many pixels that shows the middle of a picture of any kind we can read.
pub fn square_png(bytes: &[u8], side: u32) -> Result<Vec<u8>, ImageError> {
    let (image, _) = decode(bytes, None)?;
    let square = image.resize_to_fill(side, side, image::imageops::FilterType::Lanczos3);
    // Sixteen bits a channel and other colour models become what every program reads.
    encode(&DynamicImage::ImageRgba8(square.to_rgba8()), ImageFormat::Png)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png(width: u32, height: u32) -> Vec<u8> {
        encode(&DynamicImage::new_rgba8(width, height), ImageFormat::Png).unwrap()
    }

    #[test]
    fn names_say_what_files_are() {
        for (name, kind) in [
            ("a.PNG", Some(Kind::Png)),
            ("a.b.jpeg", Some(Kind::Jpeg)),
            ("svg", Some(Kind::Svg)),
            ("a.exe", None),
            ("", None),
            ("a.png\0", None),
        ] {
            assert_eq!(Kind::from_name(name), kind, "{name:?}");
        }
        assert_eq!(
            Kind::from_media_type("image/SVG+xml; charset=utf-8"),
            Some(Kind::Svg)
        );
        assert_eq!(Kind::from_media_type("text/html"), None);
    }

    #[test]
    fn what_is_not_what_it_says_is_refused() {
        let picture = png(3, 3);
        assert!(clean(Kind::Png, picture.clone()).is_ok());
        let svg = b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>".to_vec();
        assert!(clean(Kind::Svg, svg.clone()).is_ok());
        let bomb = b"<!DOCTYPE svg [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]><svg>&b;</svg>".to_vec();
        for (kind, bytes) in [
            (Kind::Jpeg, picture.clone()),
            (Kind::Webp, picture.clone()),
            (Kind::Gif, picture.clone()),
            (Kind::Ico, svg.clone()),
            (Kind::Png, svg),
            (Kind::Png, picture[..picture.len() / 2].to_vec()),
            (Kind::Png, Vec::new()),
            (Kind::Svg, picture.clone()),
            (Kind::Svg, b"<html/>".to_vec()),
            (Kind::Svg, bomb),
            (Kind::Avif, picture.clone()),
            (Kind::Heic, b"\0\0\0\x18ftypavif".to_vec()),
        ] {
            assert!(clean(kind, bytes).is_err(), "{kind:?}");
        }
        let too_short = b"\0\0\0\x18ftypavif".to_vec();
        assert!(clean(Kind::Avif, too_short).is_err());
    }

    #[test]
    fn a_small_file_does_not_become_a_large_picture() {
        // The header claims 40000 by 40000; nothing of it is there.
        let mut bomb = png(1, 1);
        bomb[16..20].copy_from_slice(&40_000_u32.to_be_bytes());
        bomb[20..24].copy_from_slice(&40_000_u32.to_be_bytes());
        assert!(clean(Kind::Png, bomb.clone()).is_err());
        assert!(square_png(&bomb, 300).is_err());
        assert!(square_png(&png(LONGEST_SIDE + 1, 1), 300).is_err());
    }

    #[test]
    fn photographs_lose_what_they_tell() {
        let mut with_text = Png::from_bytes(png(2, 2).into()).unwrap();
        let secret = Bytes::from_static(b"Author\0somebody at home");
        let chunk = img_parts::png::PngChunk::new(*b"tEXt", secret);
        with_text.chunks_mut().insert(1, chunk);
        let bytes = with_text.encoder().bytes().to_vec();
        let cleaned = clean(Kind::Png, bytes).unwrap();
        assert!(!cleaned.windows(8).any(|part| part == b"somebody"));

        let plain = encode(&DynamicImage::new_rgb8(4, 2), ImageFormat::Jpeg).unwrap();
        let mut jpeg = Jpeg::from_bytes(plain.into()).unwrap();
        // Exif with the orientation "rotate by 90 degrees".
        let tiff = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
        jpeg.set_exif(Some(Bytes::from_static(tiff)));
        let cleaned = clean(Kind::Jpeg, jpeg.encoder().bytes().to_vec()).unwrap();
        assert!(!cleaned.windows(4).any(|part| part == b"Exif"));
        let (image, _) = decode(&cleaned, None).unwrap();
        assert_eq!(
            (image.width(), image.height()),
            (2, 4),
            "it stands as it was held"
        );
    }

    #[test]
    fn nothing_of_where_and_with_what_it_was_taken_is_left() {
        for (kind, bytes) in [
            (Kind::Jpeg, include_bytes!("samples/gps.jpg").as_slice()),
            (Kind::Png, include_bytes!("samples/gps.png")),
            (Kind::Webp, include_bytes!("samples/gps.webp")),
            (Kind::Gif, include_bytes!("samples/gps.gif")),
            (Kind::Avif, include_bytes!("samples/gps.avif")),
            (Kind::Avif, include_bytes!("samples/gps_sequence.avif")),
            (Kind::Heic, include_bytes!("samples/gps.heic")),
        ] {
            let tells = |bytes: &[u8], word: &[u8]| bytes.windows(word.len()).any(|part| part == word);
            assert!(tells(bytes, b"SECRET"), "{kind:?}: the sample tells something");
            let cleaned = clean(kind, bytes.to_vec()).unwrap();
            // The maker, the place, and the day as Exif has them; XMP; the comment of a GIF.
            for word in [
                b"SECRET".as_slice(),
                b"2026:01:02",
                b"51,30.03N",
                b"xpacket",
                b"rdf+xml\0<",
                b"XMP DataXMP",
            ] {
                assert!(
                    !tells(&cleaned, word),
                    "{kind:?} {}",
                    String::from_utf8_lossy(word)
                );
            }
            assert!(
                !cleaned
                    .windows(4)
                    .any(|part| part == b"II*\0" || part == b"MM\0*"),
                "{kind:?}"
            );
        }
    }

    #[test]
    fn a_moving_gif_still_moves() {
        let cleaned = clean(Kind::Gif, include_bytes!("samples/gps.gif").to_vec()).unwrap();
        assert!(cleaned.windows(11).any(|part| part == b"NETSCAPE2.0"));
        let decoder = image::codecs::gif::GifDecoder::new(Cursor::new(cleaned)).unwrap();
        assert_eq!(image::AnimationDecoder::into_frames(decoder).count(), 2);
    }

    #[test]
    fn a_profile_picture_is_a_square() {
        let square = square_png(&png(50, 20), 300).unwrap();
        let (image, _) = decode(&square, Some(ImageFormat::Png)).unwrap();
        assert_eq!((image.width(), image.height()), (300, 300));
    }
}
