//! Handing a message to the mail server, one connection each, and remembering what was said.

use std::net::IpAddr;
use std::time::Duration;

use lettre::Message;
use lettre::message::header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue};
use lettre::message::{Body, Mailbox, MultiPart, SinglePart};
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailParameter};
use lettre::transport::smtp::response::Response;
use pocket_id_store::types::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use uuid::Uuid;

use super::writing::Written;
use crate::app_config::Settings;

/// How long connecting may take.
const CONNECT_TIME: Duration = Duration::from_secs(10);
/// Lines of a dialogue that are kept.
const MOST_LINES: usize = 100;
/// Characters of each.
const LONGEST_LINE: usize = 300;

/// How the connection is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// Not at all.
    None,
    /// By a command at its beginning, which must work (RFC 3207).
    StartTls,
    /// From its beginning (RFC 8314).
    Tls,
}

/// The mail server as the settings describe it.
#[derive(Clone, Debug)]
pub struct MailServer {
    host: String,
    port: u16,
    security: Security,
    verify: bool,
    credentials: Option<(String, SecretString)>,
    from: lettre::Address,
}

/// What the settings lack for mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SetupError {
    /// No host.
    #[error("no mail server is set up")]
    NoHost,
    /// No usable sender address.
    #[error("the setting SMTP From is no e-mail address")]
    NoFrom,
    /// The port is no number.
    #[error("the setting SMTP Port is no port")]
    NoPort,
    /// There is a user but no password.
    #[error("there is an SMTP user but no SMTP password")]
    NoPassword,
}

/// Why a message was not taken. The texts are for administrators.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// The settings do not do.
    #[error(transparent)]
    Setup(#[from] SetupError),
    /// The message cannot be put together.
    #[error("the message cannot be put together: {0}")]
    Message(String),
    /// The server must protect the connection and does not offer to.
    #[error("the mail server does not offer STARTTLS")]
    NoStartTls,
    /// The server does not take addresses with letters beyond ASCII.
    #[error("the mail server does not take addresses with letters beyond ASCII")]
    NoSmtpUtf8,
    /// The server cannot be talked to, or refused.
    #[error("{}", whole_text(.0))]
    Smtp(#[from] lettre::transport::smtp::Error),
    /// It took too long.
    #[error("the mail server took too long")]
    TimedOut,
}

impl SendError {
    /// Whether trying again is of no use: the server refused this message for good, or nobody can have its address.
    pub fn is_final(&self) -> bool {
        match self {
            // 530 to 535 are about how we sign in, which an administrator can put right.
            Self::Smtp(error) => error
                .status()
                .is_some_and(|code| error.is_permanent() && !(530..=535).contains(&u16::from(code))),
            Self::Message(_) | Self::NoSmtpUtf8 => true,
            Self::Setup(_) | Self::NoStartTls | Self::TimedOut => false,
        }
    }
}

/// An error with its causes: the outer one alone says "Connection error".
fn whole_text(error: &lettre::transport::smtp::Error) -> String {
    use std::error::Error as _;
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}

/// What was said between us and the mail server: our lines begin with `>`, its with `<`. Neither passwords nor the
/// message are in it.
#[derive(Clone, Debug, Default)]
pub struct Dialogue {
    /// The lines.
    pub lines: Vec<String>,
}

impl Dialogue {
    fn add(&mut self, mark: &str, text: &str) {
        if self.lines.len() < MOST_LINES {
            let line: String = text
                .chars()
                .filter(|c| !c.is_control())
                .take(LONGEST_LINE)
                .collect();
            self.lines.push(format!("{mark} {line}"));
        }
    }

    fn said(&mut self, text: &str) {
        self.add(">", text);
    }

    fn note(&mut self, text: &str) {
        self.add("*", text);
    }

    fn heard(
        &mut self,
        answer: Result<Response, lettre::transport::smtp::Error>,
    ) -> Result<Response, SendError> {
        match answer {
            Ok(response) => {
                for line in response.message() {
                    self.add("<", &format!("{} {line}", response.code()));
                }
                Ok(response)
            }
            Err(error) => {
                self.add("<", &whole_text(&error));
                Err(error.into())
            }
        }
    }
}

/// A message to be handed over.
#[derive(Clone, Debug)]
pub struct Outgoing<'a> {
    /// What it says.
    pub written: &'a Written,
    /// The installation's name, as sender.
    pub from_name: &'a str,
    /// The receiver's name.
    pub to_name: &'a str,
    /// The receiver's address.
    pub to_address: &'a str,
    /// The name this installation introduces itself by: where it is reached.
    pub host: &'a str,
    /// Its identity: the same for every attempt, so that a copy can be told.
    pub id: Uuid,
    /// When it was written.
    pub written_at: Timestamp,
}

impl MailServer {
    /// The server that is set up.
    pub fn of(settings: &Settings) -> Result<Self, SetupError> {
        let text = |key| settings.text(key).trim();
        let host = text("smtpHost");
        if host.is_empty() {
            return Err(SetupError::NoHost);
        }
        let security = match text("smtpTls") {
            "tls" => Security::Tls,
            "starttls" => Security::StartTls,
            _ => Security::None,
        };
        let port = match (text("smtpPort"), security) {
            ("", Security::Tls) => 465,
            ("", _) => 587,
            (port, _) => port
                .parse()
                .ok()
                .filter(|port| *port != 0)
                .ok_or(SetupError::NoPort)?,
        };
        let password = settings.text("smtpPassword");
        let credentials = match (text("smtpUser"), password) {
            ("", _) => None,
            (_, "") => return Err(SetupError::NoPassword),
            (user, password) => Some((user.to_owned(), SecretString::from(password))),
        };
        Ok(Self {
            host: host.to_owned(),
            port,
            security,
            verify: settings.text("smtpSkipCertVerify") != "true",
            credentials,
            from: text("smtpFrom").parse().map_err(|_| SetupError::NoFrom)?,
        })
    }

    fn message(&self, outgoing: &Outgoing<'_>) -> Result<Message, SendError> {
        // A name may be anything; a header is one line.
        let line = |text: &str| text.replace(|c: char| c.is_control(), " ");
        let name = |text: &str| Some(line(text).trim().to_owned()).filter(|name| !name.is_empty());
        let to = outgoing
            .to_address
            .parse()
            .map_err(|error| SendError::Message(format!("{}: {error}", outgoing.to_address)))?;
        let part = |kind, text: &str| -> Result<SinglePart, SendError> {
            let body = Body::new_with_encoding(text.to_owned(), ContentTransferEncoding::QuotedPrintable)
                .map_err(|_| SendError::Message("a part is not quoted-printable".to_owned()))?;
            Ok(SinglePart::builder().header(kind).body(body))
        };
        let millis = u64::try_from(outgoing.written_at.0).unwrap_or(0);
        let date = std::time::SystemTime::UNIX_EPOCH + Duration::from_millis(millis);
        let parts = MultiPart::alternative()
            .singlepart(part(ContentType::TEXT_PLAIN, &outgoing.written.text)?)
            .singlepart(part(ContentType::TEXT_HTML, &outgoing.written.html)?);
        let mut message = Message::builder()
            .from(Mailbox::new(name(outgoing.from_name), self.from.clone()))
            .to(Mailbox::new(name(outgoing.to_name), to))
            .subject(line(&outgoing.written.subject))
            .date(date)
            .message_id(Some(format!("<{}@{}>", outgoing.id, self.from.domain())))
            .multipart(parts)
            .map_err(|error| SendError::Message(error.to_string()))?;
        // Nobody's holiday message answers it (RFC 3834 §5).
        message.headers_mut().insert_raw(HeaderValue::new(
            HeaderName::new_from_ascii_str("Auto-Submitted"),
            "auto-generated".to_owned(),
        ));
        Ok(message)
    }

    /// Hands a message over, for which everything together may take so long.
    ///
    /// # Errors
    /// When the server does not take it; the dialogue then ends with why.
    pub async fn send(
        &self,
        outgoing: &Outgoing<'_>,
        patience: Duration,
        dialogue: &mut Dialogue,
    ) -> Result<(), SendError> {
        let message = self.message(outgoing)?;
        let talk = self.talk(&message, outgoing.host, dialogue);
        if let Ok(outcome) = tokio::time::timeout(patience, talk).await {
            return outcome;
        }
        dialogue.note("no answer in time");
        Err(SendError::TimedOut)
    }

    async fn talk(&self, message: &Message, host: &str, dialogue: &mut Dialogue) -> Result<(), SendError> {
        let name = client_id(host);
        let tls = TlsParameters::builder(self.host.clone())
            .dangerous_accept_invalid_certs(!self.verify)
            .dangerous_accept_invalid_hostnames(!self.verify)
            .build()?;
        let implicit = (self.security == Security::Tls).then(|| tls.clone());
        dialogue.note(&format!("connecting to {} port {}", self.host, self.port));
        let connected = AsyncSmtpConnection::connect_tokio1(
            (self.host.as_str(), self.port),
            Some(CONNECT_TIME),
            &name,
            implicit,
            None,
        )
        .await;
        let mut connection = match connected {
            Ok(connection) => connection,
            Err(error) => {
                dialogue.note(&whole_text(&error));
                return Err(error.into());
            }
        };
        dialogue.said(&format!("EHLO {name}"));
        dialogue.note(&format!("the server is {}", connection.server_info()));
        if self.security == Security::StartTls {
            // A connection whose encryption failed is good for nothing, not even for a farewell.
            start_tls(&mut connection, &name, tls, dialogue).await?;
        }
        if connection.is_encrypted() {
            dialogue.note("the connection is encrypted");
        }
        let outcome = self.hand_over(&mut connection, message, dialogue).await;
        // Said even after a refusal; the answer changes nothing.
        let _ = tokio::time::timeout(Duration::from_secs(2), connection.abort()).await;
        outcome
    }

    async fn hand_over(
        &self,
        connection: &mut AsyncSmtpConnection,
        message: &Message,
        dialogue: &mut Dialogue,
    ) -> Result<(), SendError> {
        if let Some((user, password)) = &self.credentials {
            dialogue.said("AUTH ********");
            let credentials = Credentials::new(user.clone(), password.expose_secret().to_owned());
            let mechanisms = [Mechanism::Plain, Mechanism::Login];
            dialogue.heard(connection.auth(&mechanisms, &credentials).await)?;
        }
        let envelope = message.envelope();
        let mut options = Vec::new();
        let ascii = |address: &lettre::Address| AsRef::<str>::as_ref(address).is_ascii();
        if !envelope.from().into_iter().chain(envelope.to()).all(ascii) {
            if !connection.server_info().supports_feature(Extension::SmtpUtfEight) {
                return Err(SendError::NoSmtpUtf8);
            }
            options.push(MailParameter::SmtpUtfEight);
        }
        let mail = Mail::new(envelope.from().cloned(), options);
        dialogue.said(&mail.to_string());
        dialogue.heard(connection.command(mail).await)?;
        for address in envelope.to() {
            let rcpt = Rcpt::new(address.clone(), Vec::new());
            dialogue.said(&rcpt.to_string());
            dialogue.heard(connection.command(rcpt).await)?;
        }
        dialogue.said("DATA");
        dialogue.heard(connection.command(Data).await)?;
        dialogue.note("sending the message");
        dialogue.heard(connection.message(&message.formatted()).await)?;
        Ok(())
    }
}

/// How a host introduces itself (RFC 5321 §4.1.1.1): by its name, or by its address in brackets.
fn client_id(host: &str) -> ClientId {
    match host.trim_matches(['[', ']']).parse() {
        Ok(IpAddr::V4(address)) => ClientId::Ipv4(address),
        Ok(IpAddr::V6(address)) => ClientId::Ipv6(address),
        Err(_) => ClientId::Domain(host.to_owned()),
    }
}

async fn start_tls(
    connection: &mut AsyncSmtpConnection,
    name: &ClientId,
    tls: TlsParameters,
    dialogue: &mut Dialogue,
) -> Result<(), SendError> {
    if !connection.can_starttls() {
        dialogue.note("the server does not offer STARTTLS");
        return Err(SendError::NoStartTls);
    }
    dialogue.said("STARTTLS");
    let started = connection.starttls(tls, name).await;
    started.inspect_err(|error| dialogue.note(&whole_text(error)))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn settings(values: &[(&str, &str)]) -> Settings {
        let values: BTreeMap<String, String> = values
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect();
        Settings::from_values(values)
    }

    #[test]
    fn settings_that_do_and_do_not() {
        let whole = [("smtpHost", "mail.example.com"), ("smtpFrom", "id@example.com")];
        let with = |more: &[(&str, &str)]| MailServer::of(&settings(&[&whole, more].concat()));
        for (more, expected) in [
            (&[][..], Ok((587, Security::None))),
            (&[("smtpTls", "tls")], Ok((465, Security::Tls))),
            (&[("smtpTls", "starttls")], Ok((587, Security::StartTls))),
            (
                &[("smtpTls", "tls"), ("smtpPort", " 2525 ")],
                Ok((2525, Security::Tls)),
            ),
            (&[("smtpPort", "0")], Err(SetupError::NoPort)),
            (&[("smtpPort", "smtp")], Err(SetupError::NoPort)),
            (&[("smtpHost", " ")], Err(SetupError::NoHost)),
            (&[("smtpFrom", "")], Err(SetupError::NoFrom)),
            (&[("smtpUser", "me")], Err(SetupError::NoPassword)),
        ] {
            let found = with(more).map(|server| (server.port, server.security));
            assert_eq!(found, expected, "{more:?}");
        }
    }

    #[test]
    fn nobody_adds_headers_by_a_name() {
        let server = MailServer::of(&settings(&[
            ("smtpHost", "mail.example.com"),
            ("smtpFrom", "id@example.com"),
        ]))
        .unwrap();
        let written = Written {
            subject: "Keys\r\nBcc: everybody@example.com".to_owned(),
            text: "ü\n".to_owned(),
            html: "<p>ü</p>".to_owned(),
        };
        let outgoing = Outgoing {
            written: &written,
            from_name: "Home\r\nBcc: a@example.com",
            to_name: "Tim\nCook",
            to_address: "tim@example.com",
            host: "id.example.com",
            id: Uuid::from_u128(7),
            written_at: Timestamp(1_136_214_245_000),
        };
        let message = String::from_utf8(server.message(&outgoing).unwrap().formatted()).unwrap();
        let (headers, _) = message.split_once("\r\n\r\n").unwrap();
        assert!(!headers.contains("\nBcc"), "{headers}");
        for line in [
            "To: \"Tim Cook\" <tim@example.com>\r\n",
            "Date: Mon, 02 Jan 2006 15:04:05 +0000\r\n",
            "Message-ID: <00000000-0000-0000-0000-000000000007@example.com>\r\n",
            "MIME-Version: 1.0\r\n",
            "Auto-Submitted: auto-generated",
        ] {
            assert!(message.contains(line), "{line}: {message}");
        }
        assert_eq!(message.matches("quoted-printable").count(), 2);
        for (host, name) in [
            ("id.example.com", "id.example.com"),
            ("192.0.2.1", "[192.0.2.1]"),
            ("[2001:db8::1]", "[IPv6:2001:db8::1]"),
        ] {
            assert_eq!(client_id(host).to_string(), name);
        }
        let nobody = Outgoing {
            to_address: "nobody",
            ..outgoing
        };
        assert!(server.message(&nobody).unwrap_err().is_final());
    }
}
