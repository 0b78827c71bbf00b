//! The database out of what was downloaded.

use std::io::{self, Read, Write};

use flate2::read::MultiGzDecoder;

/// How the database is called in an archive.
const NAME: &str = "GeoLite2-City.mmdb";

/// Why there is nothing to unpack.
#[derive(Debug, thiserror::Error)]
pub enum UnpackError {
    /// More than allowed, unpacked.
    #[error("the database is too large")]
    TooLarge,
    /// The archive has no such file.
    #[error("the archive has no file {NAME}")]
    Missing,
    /// The archive is broken, or the disk is full.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Reads so many bytes; one more is an error.
struct Limited<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        match self.left.checked_sub(u64::try_from(read).unwrap_or(u64::MAX)) {
            Some(left) => self.left = left,
            None => return Err(io::ErrorKind::FileTooLarge.into()),
        }
        Ok(read)
    }
}

/// Writes the database: the body itself, or out of it if it is a compressed archive.
pub fn unpack(body: &[u8], limit: u64, to: &mut impl Write) -> Result<(), UnpackError> {
    let unpacked = if body.starts_with(&[0x1f, 0x8b]) {
        from_archive(body, limit, to)
    } else {
        let copied = io::copy(
            &mut Limited {
                inner: body,
                left: limit,
            },
            to,
        );
        copied.map(|_| ()).map_err(UnpackError::from)
    };
    match unpacked {
        Err(UnpackError::Io(error)) if error.kind() == io::ErrorKind::FileTooLarge => {
            Err(UnpackError::TooLarge)
        }
        other => other,
    }
}

fn from_archive(body: &[u8], limit: u64, to: &mut impl Write) -> Result<(), UnpackError> {
    let unpacked = Limited {
        inner: MultiGzDecoder::new(body),
        left: limit,
    };
    let mut archive = tar::Archive::new(unpacked);
    for entry in archive.entries()? {
        let mut entry = entry?;
        // Sparse files, which could be larger than what was read of them, are of another type.
        let wanted = entry.header().entry_type().is_file()
            && entry.path()?.file_name().is_some_and(|name| name == NAME);
        if wanted {
            let expected = entry.size();
            let copied = io::copy(&mut entry, to)?;
            return if copied == expected {
                Ok(())
            } else {
                Err(io::Error::from(io::ErrorKind::UnexpectedEof).into())
            };
        }
    }
    Err(UnpackError::Missing)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archive(path: &str, content: &[u8]) -> Vec<u8> {
        let gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        let mut builder = tar::Builder::new(gzip);
        let mut header = tar::Header::new_gnu();
        header.set_size(u64::try_from(content.len()).unwrap());
        header.set_mode(0o600);
        builder.append_data(&mut header, path, content).unwrap();
        builder.into_inner().unwrap().finish().unwrap()
    }

    fn unpacked(body: &[u8], limit: u64) -> Result<Vec<u8>, String> {
        let mut to = Vec::new();
        unpack(body, limit, &mut to)
            .map(|()| to)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn the_database_is_found_bare_or_at_any_depth() {
        let content = vec![7; 5000];
        assert_eq!(unpacked(&content, 5000).unwrap(), content);
        for path in [
            "GeoLite2-City.mmdb",
            "GeoLite2-City_20260101/a/GeoLite2-City.mmdb",
        ] {
            assert_eq!(
                unpacked(&archive(path, &content), 10_000).unwrap(),
                content,
                "{path}"
            );
        }
    }

    #[test]
    fn what_is_too_large_broken_or_something_else_is_refused() {
        let large = "the database is too large";
        assert_eq!(unpacked(&[7; 5001], 5000).unwrap_err(), large);
        // A thousand zeros are a few bytes, packed.
        let bomb = archive("GeoLite2-City.mmdb", &vec![0; 1_000_000]);
        assert!(bomb.len() < 10_000);
        assert_eq!(unpacked(&bomb, 500_000).unwrap_err(), large);
        assert_eq!(
            unpacked(&archive("other", &vec![0; 1_000_000]), 500_000).unwrap_err(),
            large
        );
        assert_eq!(
            unpacked(&archive("a/GeoLite2-Country.mmdb", &[7; 10]), 10_000).unwrap_err(),
            "the archive has no file GeoLite2-City.mmdb"
        );
        let whole = archive("GeoLite2-City.mmdb", &[7; 5000]);
        assert!(unpacked(&whole[..whole.len() / 2], 10_000).is_err());
        assert!(unpacked(&[0x1f, 0x8b, 0, 0], 10_000).is_err());
    }
}
