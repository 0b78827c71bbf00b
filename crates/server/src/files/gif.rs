//! GIF without comments and other words.

/// Extensions that make a picture move: how often it is shown.
const LOOPS: [&[u8]; 2] = [b"NETSCAPE2.0", b"ANIMEXTS1.0"];

/// What is left to read.
struct Rest<'b>(&'b [u8]);

impl<'b> Rest<'b> {
    fn take(&mut self, length: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    /// Data in blocks of at most 255 bytes, up to an empty one; as it stands.
    fn blocks(&mut self) -> Option<&'b [u8]> {
        let start = self.0;
        let mut length = 0;
        loop {
            let size = usize::from(*self.take(1)?.first()?);
            self.take(size)?;
            length += 1 + size;
            if size == 0 {
                return start.get(..length);
            }
        }
    }
}

/// Bytes of a colour table by the flags that announce it.
fn table(flags: u8) -> usize {
    if flags & 0x80 == 0 {
        0
    } else {
        3 << ((flags & 7) + 1)
    }
}

/// The picture with how it moves, and nothing else; none if it cannot be followed to its end.
pub fn without_words(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut rest = Rest(bytes);
    let mut kept = Vec::with_capacity(bytes.len());
    let head = rest.take(13)?;
    if !head.starts_with(b"GIF8") {
        return None;
    }
    kept.extend(head);
    kept.extend(rest.take(table(*head.get(10)?))?);
    loop {
        match *rest.take(1)?.first()? {
            // A picture: its place, its colours, its pixels.
            0x2C => {
                let place = rest.take(9)?;
                kept.push(0x2C);
                kept.extend(place);
                kept.extend(rest.take(table(*place.get(8)?))?);
                kept.extend(rest.take(1)?);
                kept.extend(rest.blocks()?);
            }
            0x21 => {
                let label = *rest.take(1)?.first()?;
                let data = rest.blocks()?;
                let looping = || {
                    let name = data.get(1..12).unwrap_or_default();
                    // Three bytes, the first of which says that the others are a number.
                    data.len() == 17 && LOOPS.contains(&name) && data.get(12..14) == Some([3, 1].as_slice())
                };
                // 0xF9 is how long a picture is shown and what shines through.
                if (label == 0xF9 && data.len() == 6) || (label == 0xFF && looping()) {
                    kept.extend([0x21, label]);
                    kept.extend(data);
                }
            }
            0x3B => {
                kept.push(0x3B);
                return Some(kept);
            }
            _ => return None,
        }
    }
}
