//! AVIF and HEIC without what they say of their origin.
//!
//! Both are ISO base media files (ISO/IEC 14496-12): boxes in boxes, of which `meta` lists items, and pixels are items
//! like Exif and XMP are. Nothing here decodes them, so what is kept is what is known to be needed for drawing, by type.
//! Everything else becomes zeros, and its items are called `free`: no byte moves, and every offset stays true. A file
//! that cannot be followed to its end is refused.

use std::ops::Range;

/// The file is not built as it should be; what is wrong with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Malformed(&'static str);

type Read<T> = Result<T, Malformed>;

/// Items that are pixels, or are put together from pixels.
const PIXELS: [&[u8; 4]; 10] = [
    b"av01", b"hvc1", b"hev1", b"lhv1", b"avc1", b"vvc1", b"grid", b"iovl", b"iden", b"tmap",
];
/// Boxes of `meta` that drawing needs.
const OF_META: [&[u8; 4]; 9] = [
    b"hdlr", b"pitm", b"iinf", b"iloc", b"iprp", b"iref", b"idat", b"dinf", b"grpl",
];
/// Properties of items that are words about a picture.
const WORDS: [&[u8; 4]; 5] = [b"udes", b"crtt", b"mdft", b"altt", b"uuid"];
/// Boxes of `moov` and `trak` that drawing needs.
const OF_MOVIE: [&[u8; 4]; 8] = [
    b"mvhd", b"trak", b"mvex", b"tkhd", b"edts", b"mdia", b"tref", b"meta",
];
/// Most items of a file, and most pieces of all of them.
const MOST: usize = 4096;

/// A box: its type and where its content is.
#[derive(Clone, Debug)]
struct Part {
    kind: [u8; 4],
    content: Range<usize>,
}

/// Where reading goes on.
struct Cursor<'b> {
    bytes: &'b [u8],
    at: usize,
    end: usize,
}

impl<'b> Cursor<'b> {
    fn new(bytes: &'b [u8], range: &Range<usize>) -> Self {
        Self {
            bytes,
            at: range.start,
            end: range.end,
        }
    }

    fn take(&mut self, length: usize) -> Read<&'b [u8]> {
        let end = self
            .at
            .checked_add(length)
            .filter(|end| *end <= self.end)
            .ok_or(Malformed("a box ends too soon"))?;
        let taken = self
            .bytes
            .get(self.at..end)
            .ok_or(Malformed("the file ends too soon"))?;
        self.at = end;
        Ok(taken)
    }

    /// A number of 0 to 8 bytes.
    fn number(&mut self, length: usize) -> Read<usize> {
        let value = self
            .take(length)?
            .iter()
            .fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte));
        usize::try_from(value).map_err(|_| Malformed("a number is too large"))
    }

    fn kind(&mut self) -> Read<[u8; 4]> {
        self.take(4)?
            .try_into()
            .map_err(|_| Malformed("a box has no type"))
    }

    /// Version and flags of a full box; the version.
    fn version(&mut self) -> Read<usize> {
        let version = self.number(1)?;
        self.take(3)?;
        Ok(version)
    }
}

/// The boxes in a range, which they fill.
fn parts(bytes: &[u8], range: &Range<usize>) -> Read<Vec<Part>> {
    let mut cursor = Cursor::new(bytes, range);
    let mut parts = Vec::new();
    while cursor.at < cursor.end {
        let start = cursor.at;
        let short = cursor.number(4)?;
        let kind = cursor.kind()?;
        let size = match short {
            0 => cursor.end - start,
            1 => cursor.number(8)?,
            size => size,
        };
        let end = start
            .checked_add(size)
            .filter(|end| *end <= cursor.end && *end >= cursor.at)
            .ok_or(Malformed("a box is larger than what it is in"))?;
        parts.push(Part {
            kind,
            content: cursor.at..end,
        });
        if parts.len() > MOST {
            return Err(Malformed("too many boxes"));
        }
        cursor.at = end;
    }
    Ok(parts)
}

/// An item and where its pieces are.
struct Item {
    id: usize,
    kept: bool,
    /// Where its type stands.
    kind: Range<usize>,
}

struct Located {
    id: usize,
    pieces: Vec<(usize, usize)>,
    /// Offsets count from the content of `idat` instead of the beginning of the file.
    in_meta: bool,
}

/// What becomes of bytes.
#[derive(Default)]
struct Plan {
    blank: Vec<Range<usize>>,
    /// Where a type is replaced by `free`.
    rename: Vec<Range<usize>>,
    /// Pieces of pictures.
    pictures: Vec<Range<usize>>,
}

impl Plan {
    fn free(&mut self, part: &Part) {
        self.blank.push(part.content.clone());
    }
}

fn items(bytes: &[u8], iinf: &Part) -> Read<Vec<Item>> {
    let mut cursor = Cursor::new(bytes, &iinf.content);
    let version = cursor.version()?;
    cursor.take(if version == 0 { 2 } else { 4 })?;
    let mut items = Vec::new();
    for entry in parts(bytes, &(cursor.at..iinf.content.end))? {
        if &entry.kind != b"infe" {
            return Err(Malformed("an item has no entry"));
        }
        let mut cursor = Cursor::new(bytes, &entry.content);
        let id_length = match cursor.version()? {
            2 => 2,
            3 => 4,
            _ => return Err(Malformed("an item has no type")),
        };
        let id = cursor.number(id_length)?;
        cursor.take(2)?;
        let start = cursor.at;
        let kind = cursor.kind()?;
        items.push(Item {
            id,
            kept: PIXELS.contains(&&kind),
            kind: start..cursor.at,
        });
    }
    Ok(items)
}

fn located(bytes: &[u8], iloc: &Part) -> Read<Vec<Located>> {
    let mut cursor = Cursor::new(bytes, &iloc.content);
    let version = cursor.version()?;
    if version > 2 {
        return Err(Malformed("items are placed in an unknown way"));
    }
    let sizes = cursor.number(2)?;
    let size = |shift: usize| (sizes >> shift) & 0xF;
    let (offset_size, length_size, base_size) = (size(12), size(8), size(4));
    let index_size = if version == 0 { 0 } else { size(0) };
    if [offset_size, length_size, base_size, index_size]
        .iter()
        .any(|size| *size > 8)
        || length_size == 0
    {
        return Err(Malformed("items are placed in an unknown way"));
    }
    let wide = if version == 2 { 4 } else { 2 };
    let count = cursor.number(wide)?;
    let mut all = Vec::new();
    let mut total = 0;
    for _ in 0..count {
        let id = cursor.number(wide)?;
        let construction = if version == 0 { 0 } else { cursor.number(2)? & 0xF };
        if construction > 1 || cursor.number(2)? != 0 {
            return Err(Malformed("an item is somewhere else"));
        }
        let base = cursor.number(base_size)?;
        let mut pieces = Vec::new();
        for _ in 0..cursor.number(2)? {
            cursor.take(index_size)?;
            let offset = cursor.number(offset_size)?.checked_add(base);
            pieces.push((
                offset.ok_or(Malformed("a number is too large"))?,
                cursor.number(length_size)?,
            ));
            total += 1;
        }
        if all.len() >= MOST || total > MOST {
            return Err(Malformed("too many items"));
        }
        all.push(Located {
            id,
            pieces,
            in_meta: construction == 1,
        });
    }
    Ok(all)
}

fn meta(bytes: &[u8], part: &Part, plan: &mut Plan) -> Read<()> {
    let mut cursor = Cursor::new(bytes, &part.content);
    cursor.version()?;
    let children = parts(bytes, &(cursor.at..part.content.end))?;
    let (mut known, mut places, mut inside) = (Vec::new(), Vec::new(), None);
    for child in &children {
        match &child.kind {
            b"iinf" => known.extend(items(bytes, child)?),
            b"iloc" => places.extend(located(bytes, child)?),
            b"idat" => inside = Some(child.content.clone()),
            b"iprp" => properties(bytes, child, plan)?,
            kind if OF_META.contains(&kind) => {}
            _ => plan.free(child),
        }
    }
    let mut blank_inside = inside.clone().into_iter().collect::<Vec<_>>();
    for place in places {
        let item = known.iter().find(|item| item.id == place.id);
        let kept = item.is_some_and(|item| item.kept);
        for (offset, length) in place.pieces {
            let (start, limit) = if place.in_meta {
                let inside = inside.clone().ok_or(Malformed("an item is nowhere"))?;
                (inside.start.checked_add(offset), inside.end)
            } else {
                (Some(offset), bytes.len())
            };
            let piece = start
                .and_then(|start| Some(start..start.checked_add(length)?))
                .filter(|piece| piece.end <= limit)
                .ok_or(Malformed("an item is larger than the file"))?;
            if !kept {
                plan.blank.push(piece);
            } else if place.in_meta {
                blank_inside = without(blank_inside, &piece);
            } else {
                plan.pictures.push(piece);
            }
        }
    }
    plan.blank.extend(blank_inside);
    plan.rename
        .extend(known.into_iter().filter(|item| !item.kept).map(|item| item.kind));
    Ok(())
}

fn properties(bytes: &[u8], part: &Part, plan: &mut Plan) -> Read<()> {
    for child in parts(bytes, &part.content)? {
        if &child.kind == b"ipco" {
            for property in parts(bytes, &child.content)? {
                if WORDS.contains(&&property.kind) {
                    plan.free(&property);
                }
            }
        }
    }
    Ok(())
}

fn movie(bytes: &[u8], part: &Part, plan: &mut Plan) -> Read<()> {
    for child in parts(bytes, &part.content)? {
        match &child.kind {
            b"trak" => movie(bytes, &child, plan)?,
            b"meta" => meta(bytes, &child, plan)?,
            b"mdia" => {
                let inside = parts(bytes, &child.content)?;
                let handler = inside.iter().find(|part| &part.kind == b"hdlr");
                let handler = handler.ok_or(Malformed("a track is of no kind"))?;
                let mut cursor = Cursor::new(bytes, &handler.content);
                cursor.take(8)?;
                if !matches!(&cursor.kind()?, b"pict" | b"auxv") {
                    return Err(Malformed("a track is no pictures"));
                }
            }
            kind if OF_MOVIE.contains(&kind) => {}
            _ => plan.free(&child),
        }
    }
    Ok(())
}

/// Ranges without another one.
fn without(ranges: Vec<Range<usize>>, cut: &Range<usize>) -> Vec<Range<usize>> {
    ranges
        .into_iter()
        .flat_map(|range| {
            let before = range.start..Ord::min(range.end, cut.start);
            let after = Ord::max(range.start, cut.end)..range.end;
            [before, after]
        })
        .filter(|range| !range.is_empty())
        .collect()
}

/// The same file with zeros where it says something of its origin.
pub fn without_metadata(mut bytes: Vec<u8>) -> Read<Vec<u8>> {
    let whole = 0..bytes.len();
    let top = parts(&bytes, &whole)?;
    let mut plan = Plan::default();
    for part in &top {
        match &part.kind {
            b"ftyp" | b"mdat" => {}
            b"meta" => meta(&bytes, part, &mut plan)?,
            b"moov" => movie(&bytes, part, &mut plan)?,
            _ => plan.free(part),
        }
    }
    if !top.iter().any(|part| &part.kind == b"moov") {
        // Of a still picture it is known which bytes are pixels; those of a sequence are found by other tables.
        plan.pictures.sort_by_key(|piece| piece.start);
        let data = top.iter().filter(|part| &part.kind == b"mdat");
        for part in data {
            let mut at = part.content.start;
            for piece in &plan.pictures {
                if piece.start > at && piece.start < part.content.end {
                    plan.blank.push(at..piece.start);
                }
                at = Ord::max(at, piece.end);
            }
            if at < part.content.end {
                plan.blank.push(at..part.content.end);
            }
        }
    }
    for range in plan.blank {
        bytes
            .get_mut(range)
            .ok_or(Malformed("the file ends too soon"))?
            .fill(0);
    }
    for range in plan.rename {
        bytes
            .get_mut(range)
            .ok_or(Malformed("the file ends too soon"))?
            .copy_from_slice(b"free");
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const AVIF: &[u8] = include_bytes!("samples/gps.avif");
    const HEIC: &[u8] = include_bytes!("samples/gps.heic");
    const SEQUENCE: &[u8] = include_bytes!("samples/gps_sequence.avif");

    #[test]
    fn files_cut_or_bent_anywhere_are_refused_or_cleaned_without_a_crash() {
        for sample in [AVIF, HEIC, SEQUENCE] {
            for end in 0..sample.len() {
                let _ = without_metadata(sample[..end].to_vec());
            }
            for at in 0..sample.len() {
                for value in [0, 1, 0x7F, 0xFF] {
                    let mut bent = sample.to_vec();
                    bent[at] = value;
                    let _ = without_metadata(bent);
                }
            }
            assert!(without_metadata(sample[..sample.len() - 1].to_vec()).is_err());
        }
    }

    #[test]
    fn pixels_stay_where_they_are() {
        for sample in [AVIF, HEIC, SEQUENCE] {
            let cleaned = without_metadata(sample.to_vec()).unwrap();
            assert_eq!(cleaned.len(), sample.len());
            let changed = sample
                .iter()
                .zip(&cleaned)
                .filter(|(before, after)| before != after)
                .count();
            assert!(changed > 100 && changed < sample.len() / 2, "{changed}");
            assert_eq!(without_metadata(cleaned.clone()).unwrap(), cleaned);
        }
    }

    #[test]
    fn boxes_nobody_knows_are_emptied() {
        let mut more = AVIF.to_vec();
        more.extend(*b"\0\0\0\x10uuidSECRETPL");
        let cleaned = without_metadata(more).unwrap();
        assert!(cleaned.ends_with(b"uuid\0\0\0\0\0\0\0\0"));
    }
}
