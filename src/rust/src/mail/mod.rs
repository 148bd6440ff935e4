//! One e-mail to one server.

pub mod ffi;

use std::time::{Duration, SystemTime};

use lettre::message::header::ContentType;
use lettre::message::Mailbox;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::Error;
use lettre::{Message, SmtpTransport, Transport};

/// How the connection is encrypted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Encryption {
    /// From its first byte.
    Whole,
    /// By STARTTLS, or not at all.
    StartTls,
    Plain,
}

pub struct Mail<'a> {
    pub host: &'a str,
    pub port: u16,
    pub encryption: Encryption,
    pub user: &'a str,
    pub password: &'a str,
    pub ca_pem: &'a [u8],
    pub wait: Duration,
    pub from: &'a str,
    pub to: Vec<&'a str>,
    pub subject: &'a str,
    pub text: &'a str,
    pub id: &'a str,
    pub at: SystemTime,
}

pub enum Problem {
    /// The server says no, and would again.
    Refused(String),
    Unreachable(String),
    Wrong(String),
}

pub fn send(mail: &Mail) -> Result<(), Problem> {
    let message = message_of(mail)?;
    let mut server = SmtpTransport::builder_dangerous(mail.host)
        .port(mail.port)
        .timeout(Some(mail.wait))
        .tls(tls_of(mail)?);
    if !mail.user.is_empty() {
        server = server.credentials(Credentials::new(
            mail.user.to_string(),
            mail.password.to_string(),
        ));
    }
    server.build().send(&message).map_err(|error| told(&error))?;
    Ok(())
}

fn message_of(mail: &Mail) -> Result<Message, Problem> {
    let mut message = Message::builder()
        .from(mailbox(mail.from)?)
        .subject(mail.subject)
        .date(mail.at)
        .message_id(Some(format!("<{}>", mail.id)));
    for to in &mail.to {
        message = message.to(mailbox(to)?);
    }
    message
        .header(ContentType::TEXT_PLAIN)
        .body(mail.text.to_string())
        .map_err(|error| Problem::Wrong(error.to_string()))
}

fn mailbox(address: &str) -> Result<Mailbox, Problem> {
    address
        .parse()
        .map_err(|error| Problem::Wrong(format!("'{address}' is no address of e-mail: {error}")))
}

fn tls_of(mail: &Mail) -> Result<Tls, Problem> {
    if mail.encryption == Encryption::Plain {
        return Ok(Tls::None);
    }
    let mut wanted = TlsParameters::builder(mail.host.to_string());
    for one in certificates(mail.ca_pem) {
        let ca = Certificate::from_pem(&one)
            .map_err(|error| Problem::Wrong(format!("the file of CAs: {}", with_sources(&error))))?;
        wanted = wanted.add_root_certificate(ca);
    }
    let parameters = wanted
        .build()
        .map_err(|error| Problem::Wrong(format!("TLS: {}", with_sources(&error))))?;
    Ok(match mail.encryption {
        Encryption::Whole => Tls::Wrapper(parameters),
        _ => Tls::Required(parameters),
    })
}

/// A file of CAs holds many, and the library takes one at a time.
fn certificates(pem: &[u8]) -> Vec<Vec<u8>> {
    const END: &str = "-----END CERTIFICATE-----";
    let text = String::from_utf8_lossy(pem);
    let parts: Vec<&str> = text.split_inclusive(END).collect();
    parts
        .iter()
        .filter(|part| part.contains("-----BEGIN"))
        .map(|part| part.as_bytes().to_vec())
        .collect()
}

fn told(error: &Error) -> Problem {
    let text = with_sources(error);
    if error.is_permanent() {
        Problem::Refused(text)
    } else {
        Problem::Unreachable(text)
    }
}

fn with_sources(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        let more = source.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        next = source.source();
    }
    text
}
