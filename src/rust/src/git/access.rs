//! Who we are to the other side, and who it must be.

use git2::{
    CertificateCheckStatus, Cred, CredentialType, Error, ErrorClass, ErrorCode, RemoteCallbacks,
};

use crate::git::Remote;

pub fn callbacks<'a>(remote: &'a Remote) -> RemoteCallbacks<'a> {
    let mut callbacks = RemoteCallbacks::new();
    let mut asked = 0;
    callbacks.credentials(move |_, named, kinds| {
        if kinds.contains(CredentialType::USERNAME) {
            return Cred::username(user_of(remote, named));
        }
        asked += 1;
        if asked > 1 {
            return Err(denied("it refuses the credentials"));
        }
        credentials(remote, named, kinds)
    });
    callbacks.certificate_check(move |certificate, host| {
        let Some(key) = certificate.as_hostkey() else {
            return Ok(CertificateCheckStatus::CertificatePassthrough);
        };
        let kind = key.hostkey_type().map(|kind| kind.name()).unwrap_or("");
        let known = key.hostkey().is_some_and(|bytes| {
            is_known(remote.known_hosts, &host_of(remote.url, host), kind, bytes)
        });
        if known {
            return Ok(CertificateCheckStatus::CertificateOk);
        }
        Err(Error::new(
            ErrorCode::Certificate,
            ErrorClass::Ssh,
            "its hostkey is not known",
        ))
    });
    callbacks
}

fn denied(text: &str) -> Error {
    Error::new(ErrorCode::Auth, ErrorClass::Callback, text)
}

fn user_of<'a>(remote: &'a Remote, named: Option<&'a str>) -> &'a str {
    match named {
        Some(name) if !name.is_empty() => name,
        _ if !remote.user.is_empty() => remote.user,
        _ => "git",
    }
}

fn credentials(remote: &Remote, named: Option<&str>, kinds: CredentialType) -> Result<Cred, Error> {
    let user = user_of(remote, named);
    if !remote.key.is_empty() && kinds.contains(CredentialType::SSH_MEMORY) {
        let passphrase = Some(remote.passphrase).filter(|text| !text.is_empty());
        return Cred::ssh_key_from_memory(user, None, remote.key, passphrase);
    }
    if !remote.password.is_empty() && kinds.contains(CredentialType::USER_PASS_PLAINTEXT) {
        return Cred::userpass_plaintext(user, remote.password);
    }
    Err(denied(if kinds.contains(CredentialType::SSH_MEMORY) {
        "it wants an 'ssh_key', and none is given"
    } else {
        "it wants a 'token', or a 'password' with its 'user', and none is given"
    }))
}

/// As known_hosts writes it: with the port in brackets where it is another than 22.
pub fn host_of(url: &str, host: &str) -> String {
    let port = url
        .strip_prefix("ssh://")
        .and_then(|rest| rest.split('/').next())
        .and_then(|place| place.rsplit_once(':'))
        .map(|(_, port)| port)
        .filter(|port| !port.is_empty() && port.bytes().all(|digit| digit.is_ascii_digit()));
    match port {
        Some(port) if port != "22" => format!("[{host}]:{port}"),
        _ => host.to_string(),
    }
}

/// Lines are "NAMES TYPE KEY": names with commas between them, none that is hashed or a pattern. A line of
/// another type with the same key is not accepted for it.
pub fn is_known(lines: &str, host: &str, kind: &str, key: &[u8]) -> bool {
    let wanted = base64(key);
    lines.lines().any(|line| {
        let mut words = line.split_whitespace();
        let (Some(names), Some(of_kind), Some(text)) = (words.next(), words.next(), words.next())
        else {
            return false;
        };
        !names.starts_with('@')
            && !names.starts_with('#')
            && names.split(',').any(|name| name.eq_ignore_ascii_case(host))
            && of_kind == kind
            && text.trim_end_matches('=') == wanted.trim_end_matches('=')
    })
}

pub fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for part in bytes.chunks(3) {
        let word = part
            .iter()
            .fold(0u32, |word, byte| word << 8 | u32::from(*byte))
            << (8 * (3 - part.len()));
        for at in 0..4 {
            if at <= part.len() {
                out.push(DIGITS[(word >> (18 - 6 * at) & 63) as usize] as char);
            } else {
                out.push('=');
            }
        }
    }
    out
}
