//! A reader for the few DER structures inside attestation certificates.

/// One element: class and number of its tag, its content, and what follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Element<'a> {
    pub(super) tag: Tag,
    pub(super) content: &'a [u8],
}

/// The tags we meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tag {
    /// The universal class, primitive or constructed.
    Universal(u32),
    /// A context-specific tag.
    Context(u32),
    /// Application and private tags.
    Other,
}

pub(super) const INTEGER: Tag = Tag::Universal(2);
pub(super) const OCTET_STRING: Tag = Tag::Universal(4);
pub(super) const ENUMERATED: Tag = Tag::Universal(10);
pub(super) const SEQUENCE: Tag = Tag::Universal(16);
pub(super) const SET: Tag = Tag::Universal(17);

/// Takes the first element off `bytes`; returns it and the rest.
pub(super) fn next(bytes: &[u8]) -> Option<(Element<'_>, &[u8])> {
    let (&first, mut rest) = bytes.split_first()?;
    let mut number = u32::from(first & 0x1f);
    if number == 0x1f {
        number = 0;
        loop {
            let (&byte, tail) = rest.split_first()?;
            rest = tail;
            number = number.checked_mul(128)?.checked_add(u32::from(byte & 0x7f))?;
            if byte & 0x80 == 0 {
                break;
            }
        }
    }
    let tag = match first >> 6 {
        0 => Tag::Universal(number),
        2 => Tag::Context(number),
        _ => Tag::Other,
    };
    let (&first_length, mut rest) = rest.split_first()?;
    let mut length = usize::from(first_length);
    if first_length & 0x80 != 0 {
        let count = usize::from(first_length & 0x7f);
        if count == 0 || count > 4 {
            return None;
        }
        let (octets, tail) = rest.split_at_checked(count)?;
        length = octets
            .iter()
            .fold(0, |length, octet| length << 8 | usize::from(*octet));
        rest = tail;
    }
    let (content, rest) = rest.split_at_checked(length)?;
    Some((Element { tag, content }, rest))
}

/// The content of the one element that fills `bytes`, if it has that tag.
pub(super) fn only(bytes: &[u8], tag: Tag) -> Option<&[u8]> {
    let (element, rest) = next(bytes)?;
    (element.tag == tag && rest.is_empty()).then_some(element.content)
}

/// All elements of `bytes`.
pub(super) fn all(mut bytes: &[u8]) -> Option<Vec<Element<'_>>> {
    let mut elements = Vec::new();
    while !bytes.is_empty() {
        let (element, rest) = next(bytes)?;
        elements.push(element);
        bytes = rest;
    }
    Some(elements)
}

/// The value of a small non-negative integer.
pub(super) fn small(content: &[u8]) -> Option<u32> {
    match content {
        [] => None,
        [first, ..] if first & 0x80 != 0 => None,
        _ if content.len() > 4 => None,
        _ => Some(
            content
                .iter()
                .fold(0, |value, octet| value << 8 | u32::from(*octet)),
        ),
    }
}
