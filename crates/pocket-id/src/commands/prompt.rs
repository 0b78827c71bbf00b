//! Asking the operator before something that cannot be undone.

use std::io::{self, BufRead, Write};

/// What the operator said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// `y` or `yes`.
    Go,
    /// Anything else.
    Stop,
}

/// Prints a question and reads a line.
///
/// # Errors
/// When the input ends without an answer: nobody is there to ask.
pub fn confirm(question: &str, input: &mut impl BufRead, output: &mut impl Write) -> io::Result<Answer> {
    write!(output, "{question} [y/N]: ")?;
    output.flush()?;
    let mut line = String::new();
    if input.read_line(&mut line)? == 0 {
        writeln!(output)?;
        return Err(io::Error::new(
            io::ErrorKind::UnexpectedEof,
            "the input ended before an answer; --yes answers beforehand",
        ));
    }
    Ok(match line.trim().to_ascii_lowercase().as_str() {
        "y" | "yes" => Answer::Go,
        _ => Answer::Stop,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_yes_is_yes() {
        for (input, expected) in [
            ("y\n", Answer::Go),
            ("Y", Answer::Go),
            ("yes\n", Answer::Go),
            (" YES \r\n", Answer::Go),
            ("\n", Answer::Stop),
            ("n\n", Answer::Stop),
            ("yess\n", Answer::Stop),
            ("no\nyes\n", Answer::Stop),
        ] {
            let mut output = Vec::new();
            assert_eq!(
                confirm("Confirm", &mut input.as_bytes(), &mut output).unwrap(),
                expected,
                "{input:?}"
            );
            assert_eq!(output, b"Confirm [y/N]: ");
        }
        assert!(confirm("Confirm", &mut &b""[..], &mut Vec::new()).is_err());
    }
}
